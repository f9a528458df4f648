import { defineFault } from "./fault.ts";

/** ath11k of 6.12 then follows a null pointer when it is unbound (docs/findings.md). */
export const serviceSilent = defineFault({
  name: "service-silent",
  about: "the service behind a control channel never announces itself",
  options: {},
  arm: (_options, port) => ({
    silence: (channel) => {
      port.acted(`${channel} stays silent`);
      return true;
    },
  }),
});
