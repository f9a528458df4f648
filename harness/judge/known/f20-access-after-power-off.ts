import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const ABORT = /synchronous external abort|SError Interrupt|external abort on/i;
const FRAMES = /\bath11k_\w+|\[ath11k(?:_pci)?\]/;

export const accessAfterPowerOff: KnownFailure = {
  id: "F20",
  name: "register access after the device's power off",
  families: ["wlan"],
  symptom: "the kernel dies of an external abort when ath11k is unloaded or the machine shuts down",
  cause: "the driver touches a register after clock or power of the device are gone",
  remedy: [
    {
      text: "order of register access and power down in ath11k",
      source: "https://github.com/openwrt/openwrt/pull/18499",
    },
  ],
  recognise(failure) {
    const abort = failure.nearest(failure.linesOf(ABORT));
    const frame = abort && failure.line(FRAMES, abort.tNs, abort.tNs + 2e9);
    return abort && frame ? recognised(logged(abort), logged(frame)) : undefined;
  },
};
