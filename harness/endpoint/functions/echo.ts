import type { FunctionFactory } from "./function.ts";

/** Sends each transfer back as it came: a loopback that shows the whole data path. */
export const echo: FunctionFactory = ({ send }) => ({
  receive: (payload) => {
    if (payload.length > 0) send(payload);
  },
});
