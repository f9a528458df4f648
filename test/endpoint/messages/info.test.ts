import { expect, test } from "vitest";
import { Cmd, EINVAL, u32s } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();
const regionInfo = (index: number) => u32s(32, 0, index, 0, 0, 0, 0, 0);
const irqInfo = (index: number) => u32s(16, 0, index, 0);

test("the device is a resettable PCI device with 9 regions and 5 interrupt kinds", async () => {
  const reply = await bench.client.request(Cmd.GET_INFO, u32s(16, 0, 0, 0));
  expect(reply.payload.equals(u32s(16, 3, 9, 5))).toBe(true);
});

test("BAR0 has 4 KiB, the configuration space 4 KiB, all else nothing", async () => {
  for (let index = 0; index < 9; index++) {
    const { payload } = await bench.client.request(Cmd.GET_REGION_INFO, regionInfo(index));
    const size = index === 0 || index === 7 ? 4096 : 0;
    expect([payload.length, payload.readUInt32LE(8), Number(payload.readBigUInt64LE(16))]).toEqual([32, index, size]);
  }
});

test("there are 32 MSI vectors and nothing else", async () => {
  for (let index = 0; index < 5; index++) {
    const { payload } = await bench.client.request(Cmd.GET_IRQ_INFO, irqInfo(index));
    expect(payload.equals(u32s(16, 9, index, index === 1 ? 32 : 0))).toBe(true);
  }
});

test.each([
  ["device info with room for 15 bytes", Cmd.GET_INFO, u32s(15, 0, 0, 0)],
  ["region info with room for 31 bytes", Cmd.GET_REGION_INFO, u32s(31, 0, 0, 0, 0, 0, 0, 0)],
  ["irq info with room for nothing", Cmd.GET_IRQ_INFO, u32s(0, 0, 1, 0)],
  ["device info too short", Cmd.GET_INFO, Buffer.alloc(12)],
  ["device info too long", Cmd.GET_INFO, Buffer.alloc(20)],
  ["region info too short", Cmd.GET_REGION_INFO, Buffer.alloc(31)],
  ["region info too long", Cmd.GET_REGION_INFO, Buffer.alloc(33)],
  ["region info of region 9", Cmd.GET_REGION_INFO, regionInfo(9)],
  ["region info of region 2^32-1", Cmd.GET_REGION_INFO, regionInfo(0xffffffff)],
  ["irq info too short", Cmd.GET_IRQ_INFO, Buffer.alloc(15)],
  ["irq info too long", Cmd.GET_IRQ_INFO, Buffer.alloc(17)],
  ["irq info of kind 5", Cmd.GET_IRQ_INFO, irqInfo(5)],
])("%s is refused", async (_name, command, payload) => {
  expect(isError(await bench.client.request(command, payload), EINVAL)).toBe(true);
});
