import type { ChannelFunction } from "./function.ts";

/** Takes everything and answers nothing. */
export const sink: ChannelFunction = { name: "sink", receive: () => {} };
