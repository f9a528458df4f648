import type { ChannelFunction } from "./function.ts";

/** Sends each transfer back as it came: a loopback that shows the whole data path. */
export const echo: ChannelFunction = {
  name: "echo",
  receive: (payload, send) => {
    if (payload.length > 0) send(payload);
  },
};
