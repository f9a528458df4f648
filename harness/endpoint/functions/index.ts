import { echo } from "./echo.ts";
import type { ChannelFunction } from "./function.ts";
import { ipcrSink } from "./ipcr.ts";
import { sink } from "./sink.ts";

const BY_CHANNEL_NAME: ReadonlyMap<string, ChannelFunction> = new Map([
  ["LOOPBACK", echo],
  ["DIAG", echo],
  ["MBIM", echo],
  ["QMI", echo],
  ["DUN", echo],
  ["IPCR", ipcrSink],
]);

/** What sits behind a channel, by the channel's name in the family's table. */
export const functionFor = (channelName: string): ChannelFunction => BY_CHANNEL_NAME.get(channelName) ?? sink;
