import { expect, test } from "vitest";
import { Cmd, EINVAL, frame, regionAccess, u32s } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();

test("a read repeats the request and adds the data", async () => {
  const request = regionAccess(7, 0n, 4);
  const { payload } = await bench.client.request(Cmd.REGION_READ, request);
  expect(payload.subarray(0, 16).equals(request)).toBe(true);
  expect(payload.subarray(16).equals(u32s(0x030617cb))).toBe(true);
});

test("the whole configuration space can be read at once", async () => {
  const { payload } = await bench.client.request(Cmd.REGION_READ, regionAccess(7, 0n, 4096));
  expect(payload.length).toBe(16 + 4096);
});

test("a write's reply is its first 16 bytes; a posted write has none", async () => {
  const request = regionAccess(0, 0x10n, 4, u32s(0x12345678));
  const { payload } = await bench.client.request(Cmd.REGION_WRITE, request);
  expect(payload.equals(request.subarray(0, 16))).toBe(true);
  bench.client.send(frame(7777, Cmd.REGION_WRITE, regionAccess(0, 0x10n, 4, u32s(0xcafe)), 0x10));
  expect(await bench.client.read32(0x10)).toBe(0xcafe); // in order, so the posted write is done
});

test("any width and alignment is served", async () => {
  for (const [offset, width] of [
    [0x10, 1],
    [0x11, 2],
    [0x13, 8],
    [0x58, 8],
  ] as const) {
    const data = Buffer.alloc(width, 0xa5);
    await bench.client.request(Cmd.REGION_WRITE, regionAccess(0, BigInt(offset), width, data));
    expect((await bench.client.read(0, offset, width)).length).toBe(width);
  }
  expect(await bench.client.read32(0x58)).toBe(0xa5a5a5a5);
});

test.each([
  ["read too short", Cmd.REGION_READ, regionAccess(0, 0n, 4).subarray(0, 15)],
  ["read too long", Cmd.REGION_READ, Buffer.concat([regionAccess(0, 0n, 4), Buffer.alloc(4)])],
  ["read of no bytes", Cmd.REGION_READ, regionAccess(0, 0n, 0)],
  ["read past the end", Cmd.REGION_READ, regionAccess(0, 4093n, 4)],
  ["read far past the end", Cmd.REGION_READ, regionAccess(0, 0xffffffffffffffffn, 4)],
  ["read of 4 GiB", Cmd.REGION_READ, regionAccess(0, 0n, 0xffffffff)],
  ["read of a region that is not there", Cmd.REGION_READ, regionAccess(2, 0n, 4)],
  ["read of region 9", Cmd.REGION_READ, regionAccess(9, 0n, 4)],
  ["write too short", Cmd.REGION_WRITE, regionAccess(0, 0n, 4).subarray(0, 12)],
  ["write with missing data", Cmd.REGION_WRITE, regionAccess(0, 0n, 4, Buffer.alloc(3))],
  ["write with too much data", Cmd.REGION_WRITE, regionAccess(0, 0n, 4, Buffer.alloc(5))],
  ["write past the end", Cmd.REGION_WRITE, regionAccess(7, 4095n, 4, Buffer.alloc(4))],
  ["write of no bytes", Cmd.REGION_WRITE, regionAccess(0, 0n, 0)],
  ["write to region 6", Cmd.REGION_WRITE, regionAccess(6, 0n, 4, Buffer.alloc(4))],
])("%s is refused", async (_name, command, payload) => {
  expect(isError(await bench.client.request(command, payload), EINVAL)).toBe(true);
  expect(await bench.client.config(0, 2)).toBe(0x17cb); // and the next one is served
});
