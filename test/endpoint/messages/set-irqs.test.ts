import { expect, test } from "vitest";
import { Cmd, EINVAL, u32s } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();
const setIrqs = (flags: number, index: number, start: number, count: number, data: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([u32s(20, flags, index, start, count), data]);

test.each([
  ["enable one vector by eventfd", setIrqs(0x24, 1, 0, 1)],
  ["disable all", setIrqs(0x21, 1, 0, 0)],
  ["mask by bools", setIrqs(0x0a, 1, 0, 2, Buffer.from([1, 0]))],
])("%s is taken", async (_name, payload) => {
  const reply = await bench.client.request(Cmd.SET_IRQS, payload);
  expect([reply.flags, reply.errno]).toEqual([1, 0]);
});

test.each([
  ["too short", setIrqs(0x24, 1, 0, 1).subarray(0, 19)],
  ["too long", setIrqs(0x24, 1, 0, 1, Buffer.alloc(4))],
  ["bools missing", setIrqs(0x22, 1, 0, 4, Buffer.alloc(3))],
  ["interrupt kind 5", setIrqs(0x24, 5, 0, 0)],
  ["a vector past the last", setIrqs(0x24, 1, 31, 2)],
  ["a count that wraps", setIrqs(0x24, 1, 2, 0xffffffff)],
  ["no data kind", setIrqs(0x20, 1, 0, 1)],
  ["two actions", setIrqs(0x31, 1, 0, 0)],
  ["a vector of a kind without any", setIrqs(0x24, 2, 0, 1)],
])("%s is refused", async (_name, payload) => {
  expect(isError(await bench.client.request(Cmd.SET_IRQS, payload), EINVAL)).toBe(true);
});
