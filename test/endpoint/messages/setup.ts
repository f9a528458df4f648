import { afterEach, beforeEach } from "vitest";
import { RawClient as Raw, type RawClient, type Reply } from "../raw-client.ts";
import { type Served, serve } from "../served.ts";

export interface MessageBench {
  served: Served;
  client: RawClient;
}

/** A fresh endpoint and a client past VERSION before each test. */
export function useMessageBench(): MessageBench {
  const bench = {} as MessageBench;
  beforeEach(async () => {
    bench.served = await serve();
    bench.client = await Raw.ready(bench.served.path);
  });
  afterEach(async () => {
    await bench.client.close();
    await bench.served.close();
  });
  return bench;
}

export const isError = (reply: Reply, errno: number): boolean =>
  (reply.flags & 0x21) === 0x21 && reply.errno === errno && reply.payload.length === 0;
