import type { ChannelFunction } from "./function.ts";

/**
 * QRTR's transport. The host's name server says hello and is content with silence: it registers the node and goes on.
 * A peer that answers as a QRTR node would stand here.
 */
export const ipcrSink: ChannelFunction = { name: "ipcr-sink", receive: () => {} };
