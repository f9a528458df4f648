/** What sits behind a pair of channels: takes what the host sends, may send back. */
export interface ChannelFunction {
  readonly name: string;
  /** One transfer from the host; `send` queues a packet for the downlink channel of the pair. */
  receive(payload: Buffer, send: (payload: Buffer) => void): void;
}
