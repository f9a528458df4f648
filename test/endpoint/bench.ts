import { afterEach, beforeEach } from "vitest";
import type { EndpointOptions } from "../../harness/endpoint/endpoint.ts";
import { FakeHost } from "./fake-host.ts";
import { type Served, serve } from "./served.ts";

export interface Bench {
  served: Served;
  host: FakeHost;
}

/** A fresh endpoint and a fake host connected to it before each test. */
export function useBench(options: Partial<EndpointOptions> = {}): Bench {
  const bench = {} as Bench;
  beforeEach(async () => {
    bench.served = await serve(options);
    bench.host = await FakeHost.connect(bench.served.path);
  });
  afterEach(async () => {
    await bench.host.client.close();
    await bench.served.close();
  });
  return bench;
}

/** Event types and states, written out. */
export const STATE = 0x20;
export const COMPLETION = 0x21;
export const EE = 0x40;
export const [M0, M1, M2, M3, SYS_ERR] = [2, 3, 4, 5, 0xff];
export const MHICTRL = 0x38;
export const MHISTATUS = 0x48;
