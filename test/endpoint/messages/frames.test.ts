import { expect, test } from "vitest";
import { FrameReader } from "../../../harness/endpoint/vfio-user/frame-reader.ts";
import { Cmd, E2BIG, EINVAL, frame, RawClient, regionAccess } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();
const readVendor = (id: number) => frame(id, Cmd.REGION_READ, regionAccess(7, 0n, 2));

test("a frame that comes byte by byte is one frame", async () => {
  const reply = bench.client.reply(900);
  for (const byte of readVendor(900)) {
    bench.client.send(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await reply).payload.readUInt16LE(16)).toBe(0x17cb);
});

test("frames that come joined are answered each, in order", async () => {
  const ids = Array.from({ length: 50 }, (_, index) => 1000 + index);
  const order: number[] = [];
  const replies = ids.map((id) => bench.client.reply(id).then((reply) => order.push(reply.id)));
  bench.client.send(Buffer.concat(ids.map(readVendor)));
  await Promise.all(replies);
  expect(order).toEqual(ids);
});

test("a frame that is too long is refused and skipped, the stream goes on", async () => {
  const size = (1 << 20) + 4097;
  const refused = bench.client.reply(5);
  const next = bench.client.reply(6);
  bench.client.send(frame(5, Cmd.REGION_WRITE, Buffer.alloc(0), 0, size));
  bench.client.send(Buffer.concat([Buffer.alloc(size - 16, 0xee), readVendor(6)]));
  expect(isError(await refused, E2BIG)).toBe(true);
  expect((await next).errno).toBe(0);
});

test("a frame shorter than its header ends the connection, and the next client is served", async () => {
  const refused = bench.client.reply(5);
  bench.client.send(frame(5, Cmd.REGION_READ, regionAccess(7, 0n, 2), 0, 15));
  expect(isError(await refused, EINVAL)).toBe(true);
  await bench.client.untilClosed();
  bench.client = await RawClient.ready(bench.served.path);
  expect(await bench.client.config(0, 2)).toBe(0x17cb);
});

test("a malformed request with the no-reply flag is logged and gets no reply", async () => {
  bench.client.send(frame(5, Cmd.REGION_WRITE, Buffer.alloc(3), 0x10));
  let replied = false;
  void bench.client.reply(5).then(() => {
    replied = true;
  });
  await bench.client.config(0, 2);
  expect(replied).toBe(false);
  expect(bench.served.logged("vfio").at(-1)?.what).toBe("malformed");
});

test("a reply to nothing is passed over", async () => {
  bench.client.send(frame(4242, Cmd.DMA_READ, Buffer.alloc(16), 1));
  expect(await bench.client.config(0, 2)).toBe(0x17cb);
});

test("a second client is turned away while one is connected", async () => {
  const second = await RawClient.connect(bench.served.path);
  await second.untilClosed();
  expect(await bench.client.config(0, 2)).toBe(0x17cb);
});

test("the reader keeps no more than one frame and one chunk", () => {
  const reader = new FrameReader();
  reader.append(frame(1, Cmd.REGION_WRITE, Buffer.alloc(0), 0, 0xffffffff));
  expect(reader.next()?.kind).toBe("too-long");
  for (let i = 0; i < 100; i++) reader.append(Buffer.alloc(1 << 20));
  expect(reader.next()).toBeUndefined();
});
