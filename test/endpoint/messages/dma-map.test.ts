import { expect, test } from "vitest";
import { Cmd, EINVAL, ENOTSUP, u32s, u64s } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();
const map = (flags: number, address: bigint, size: bigint) => Buffer.concat([u32s(32, flags), u64s(0n, address, size)]);
const unmap = (flags: number, address: bigint, size: bigint) => Buffer.concat([u32s(24, flags), u64s(address, size)]);

test("a map and its unmap are taken; the unmap is repeated in the reply", async () => {
  expect((await bench.client.request(Cmd.DMA_MAP, map(3, 0x100000n, 0x1000n))).errno).toBe(0);
  const request = unmap(0, 0x100000n, 0x1000n);
  const reply = await bench.client.request(Cmd.DMA_UNMAP, request);
  expect(reply.errno).toBe(0);
  expect(reply.payload.equals(request)).toBe(true);
});

test("unmap all needs no range", async () => {
  expect((await bench.client.request(Cmd.DMA_UNMAP, unmap(2, 0n, 0n))).errno).toBe(0);
});

test.each([
  ["map too short", Cmd.DMA_MAP, map(3, 0n, 0x1000n).subarray(0, 31), EINVAL],
  ["map too long", Cmd.DMA_MAP, Buffer.concat([map(3, 0n, 0x1000n), Buffer.alloc(1)]), EINVAL],
  ["map of nothing", Cmd.DMA_MAP, map(3, 0n, 0n), EINVAL],
  ["map past the end", Cmd.DMA_MAP, map(3, 0xfffffffffffff000n, 0x2000n), EINVAL],
  ["map with unknown flags", Cmd.DMA_MAP, map(0x100, 0n, 0x1000n), EINVAL],
  ["unmap too short", Cmd.DMA_UNMAP, unmap(0, 0n, 0x1000n).subarray(0, 23), EINVAL],
  ["unmap too long", Cmd.DMA_UNMAP, Buffer.concat([unmap(0, 0n, 0x1000n), Buffer.alloc(8)]), EINVAL],
  ["unmap of nothing", Cmd.DMA_UNMAP, unmap(0, 0n, 0n), EINVAL],
  ["unmap with dirty bitmap", Cmd.DMA_UNMAP, unmap(1, 0n, 0x1000n), ENOTSUP],
])("%s is refused", async (_name, command, payload, errno) => {
  expect(isError(await bench.client.request(command, payload), errno)).toBe(true);
});
