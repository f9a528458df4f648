import { expect, test } from "vitest";
import { Cmd, EINVAL, RawClient } from "../raw-client.ts";
import { isError, useMessageBench } from "./setup.ts";

const bench = useMessageBench();
const version = (major: number, text: string) => Buffer.concat([Buffer.from([major, 0, 0, 0]), Buffer.from(text)]);

async function fresh(payload: Buffer) {
  await bench.client.close();
  bench.client = await RawClient.connect(bench.served.path);
  return bench.client.request(Cmd.VERSION, payload);
}

test("0.0 is agreed and the capabilities are JSON with a NUL at the end", async () => {
  const reply = await fresh(version(0, '{"capabilities":{"max_data_xfer_size":1048576,"write_multiple":true}}\0'));
  expect(reply.flags).toBe(1);
  expect(reply.payload.readUInt32LE(0)).toBe(0);
  expect(reply.payload.at(-1)).toBe(0);
  const { capabilities } = JSON.parse(reply.payload.toString("utf8", 4, reply.payload.length - 1));
  expect(capabilities).toEqual({ max_msg_fds: 8, max_data_xfer_size: 1048576, pgsizes: 4096, max_dma_maps: 65535 });
});

test("no capability text is as good as an empty one", async () => {
  expect((await fresh(version(0, ""))).errno).toBe(0);
  expect((await fresh(version(0, "{}\0"))).errno).toBe(0);
});

test.each([
  ["too short", Buffer.alloc(3)],
  ["another major version", version(1, "{}\0")],
  ["no NUL at the end", version(0, "{}")],
  ["no JSON", version(0, "{capabilities\0")],
  ["a transfer limit that is none", version(0, '{"capabilities":{"max_data_xfer_size":"big"}}\0')],
  ["a transfer limit of 0", version(0, '{"capabilities":{"max_data_xfer_size":0}}\0')],
])("%s is refused", async (_name, payload) => {
  expect(isError(await fresh(payload), EINVAL)).toBe(true);
  expect(bench.served.logged("vfio").some((record) => record.what === "malformed")).toBe(true);
});

test("a second VERSION and a request before the first are refused", async () => {
  expect(isError(await bench.client.request(Cmd.VERSION, Buffer.alloc(4)), EINVAL)).toBe(true);
  await bench.client.close();
  bench.client = await RawClient.connect(bench.served.path);
  expect(isError(await bench.client.request(Cmd.GET_INFO, Buffer.alloc(16)), EINVAL)).toBe(true);
});
