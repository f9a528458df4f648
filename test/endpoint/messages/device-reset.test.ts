import { expect, test } from "vitest";
import { Cmd, EINVAL, ENOTSUP } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();

test("a reset at machine start is a cold reset: registers as after power-on", async () => {
  await bench.client.write32(0x58, 0x1234);
  const reply = await bench.client.request(Cmd.RESET);
  expect([reply.flags, reply.errno, reply.payload.length]).toEqual([1, 0, 0]);
  expect(await bench.client.read32(0x58)).toBe(0);
});

test("a reset with a payload is refused and resets nothing", async () => {
  await bench.client.write32(0x58, 0x1234);
  expect(isError(await bench.client.request(Cmd.RESET, Buffer.alloc(4)), EINVAL)).toBe(true);
  expect(await bench.client.read32(0x58)).toBe(0x1234);
});

test.each([[0], [6], [11], [12], [14], [15], [16], [0xffff]])("command %i is not supported", async (command) => {
  expect(isError(await bench.client.request(command, Buffer.alloc(16)), ENOTSUP)).toBe(true);
});
