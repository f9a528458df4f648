/** What sits behind a pair of channels. One is made at each START of the uplink: nothing outlives a reset. */
export interface ChannelFunction {
  /** One transfer from the host. */
  receive(payload: Buffer): void;
  /** The downlink is started too: the function may speak first. */
  started?(): void;
}

export interface FunctionPort {
  /** Queues a packet for the downlink channel of the pair. */
  send(payload: Buffer): void;
}

export type FunctionFactory = (port: FunctionPort) => ChannelFunction;
