import { createConnection } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EndpointClient } from "../../harness/endpoint/client.ts";
import { ControlServer } from "../../harness/endpoint/control.ts";
import { useBench } from "./bench.ts";

const bench = useBench();
let control: ControlServer;
let client: EndpointClient;
let path: string;

beforeEach(async () => {
  control = new ControlServer(bench.served.endpoint);
  path = join(bench.served.folder, "c.sock");
  await control.listen(path);
  client = await EndpointClient.connect(path);
});
afterEach(async () => {
  client.close();
  await control.close();
});

/** Sends text as it is, returns the reply lines. */
function raw(text: string, replies: number): Promise<unknown[]> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => socket.write(text));
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk;
      const lines = got.split("\n").slice(0, -1);
      if (lines.length < replies) return;
      socket.destroy();
      resolve(lines.map((line) => JSON.parse(line)));
    });
  });
}

test("status tells what the device is doing", async () => {
  await bench.host.bringUp();
  expect(await client.status()).toMatchObject({
    profile: "sdx55",
    mhiState: "M0",
    execEnv: "AMSS",
    pciPower: "D0",
    connected: true,
    gone: false,
    slotPower: "kept",
    faults: [],
    counters: { eventsPosted: 2, connections: 1, guestErrors: 0 },
  });
});

test("faults are armed, listed with their options, and disarmed", async () => {
  const armed = await client.armFault("sys-err", { afterMs: 60000 });
  expect(armed.find((fault) => fault.name === "sys-err")).toMatchObject({
    armed: true,
    acted: 0,
    options: { afterMs: 60000, times: 1, via: "event" },
  });
  expect((await client.status()).faults.map((fault) => fault.name)).toEqual(["sys-err"]);
  await client.disarmFault("sys-err");
  expect((await client.listFaults()).filter((fault) => fault.armed)).toEqual([]);
});

test("SYS_ERR, slot power, gone and back are done when told", async () => {
  await bench.host.bringUp();
  expect(await client.requestLowPower()).toEqual({ signalled: true });
  expect(await client.raiseSysErr()).toEqual({ signalled: true });
  expect((await client.status()).mhiState).toBe("SYS_ERR");
  expect((await client.setSlotPower("lost")).slotPower).toBe("lost");
  expect((await client.deviceGone()).gone).toBe(true);
  expect(await bench.host.client.config(0, 4)).toBe(0xffffffff);
  expect((await client.deviceBack()).gone).toBe(false);
});

test("requests are answered in their order", async () => {
  const order: string[] = [];
  await Promise.all([
    client.status().then(() => order.push("status")),
    client.listFaults().then(() => order.push("list")),
    client.setSlotPower("lost").then(() => order.push("slot")),
  ]);
  expect(order).toEqual(["status", "list", "slot"]);
});

test("errors carry the endpoint's code and a sentence", async () => {
  await expect(client.armFault("no-such")).rejects.toMatchObject({ kind: "rig", code: "unknown-fault" });
  await expect(client.armFault("sys-err", { afterMs: "soon" })).rejects.toThrow(
    'fault sys-err: option afterMs is "soon", expected a whole number from 0 to 3600000',
  );
});

test.each([
  ["no JSON", "hello\n", "bad-json"],
  ["no request", "[1]\n", "bad-args"],
  ["no id", '{"op":"status"}\n', "bad-args"],
  ["an unknown operation", '{"id":1,"op":"explode"}\n', "unknown-op"],
  ["an operation of Object", '{"id":1,"op":"toString"}\n', "unknown-op"],
  ["an argument too many", '{"id":1,"op":"status","args":{"x":1}}\n', "bad-args"],
  ["an argument too few", '{"id":1,"op":"fault.set","args":{"name":"sys-err"}}\n', "bad-args"],
  ["an argument of another kind", '{"id":1,"op":"slot-power.set","args":{"value":"half"}}\n', "bad-args"],
])("%s is refused with a code", async (_name, text, code) => {
  expect(await raw(text, 1)).toMatchObject([{ ok: false, error: { code } }]);
});

test("a line that never ends is cut off", async () => {
  expect(await raw("x".repeat(70_000), 1)).toMatchObject([{ id: null, ok: false, error: { code: "line-too-long" } }]);
  expect((await client.status()).connected).toBe(true);
});

test("lines joined and split are one request each", async () => {
  const replies = await raw('{"id":1,"op":"status"}\n\n{"id":2,"op":"fault.list"}\n', 2);
  expect(replies).toMatchObject([
    { id: 1, ok: true },
    { id: 2, ok: true },
  ]);
});

test("a client whose endpoint ends is told so, as is one that never found it", async () => {
  const pending = client.status();
  const ended = control.close();
  await Promise.allSettled([pending, ended]);
  await expect(client.status()).rejects.toMatchObject({ code: "endpoint-gone" });
  await expect(EndpointClient.connect(`${path}x`)).rejects.toMatchObject({ code: "endpoint-gone" });
});
