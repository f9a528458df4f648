import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QmpClient } from "../../harness/lab/qmp.ts";

/** A QMP server on a Unix socket that says what each test tells it to. */
let dir = "";
let server: Server;
let peer: Socket | undefined;
const heard: Record<string, unknown>[] = [];
let answer: (request: Record<string, unknown>) => string[] = () => [];

async function connect(): Promise<QmpClient> {
  const socket = createConnection(join(dir, "qmp"));
  await new Promise((resolve) => socket.once("connect", resolve));
  return new QmpClient(socket, socket);
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "mhi-hil-test-"));
  heard.length = 0;
  answer = ({ id }) => [`{"return": {}, "id": ${id}}\r\n`];
  server = createServer((socket) => {
    peer = socket;
    socket.write('{"QMP": {"version": {"qemu": {"major": 11}}}}\r\n');
    socket.setEncoding("utf8").on("data", async (text: string) => {
      for (const line of text.split("\n").filter((part) => part !== "")) {
        const request = JSON.parse(line) as Record<string, unknown>;
        heard.push(request);
        for (const part of answer(request)) {
          socket.write(part);
          await delay(10); // or the parts would arrive as one
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dir, "qmp"), resolve));
});

afterEach(async () => {
  peer?.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true, force: true });
});

describe("the QMP client", () => {
  it("waits for the greeting and opens the session", async () => {
    const qmp = await connect();
    await qmp.negotiate(1000);
    expect(heard).toMatchObject([{ execute: "qmp_capabilities" }]);
  });

  it("gives answers to the commands that they belong to, in any order and cut anywhere", async () => {
    const held: number[] = [];
    answer = ({ id }) => {
      held.push(id as number);
      if (held.length < 2) return [];
      const [first, second] = held;
      return [`{"return": "two", "id": ${second}}\r\n{"retu`, `rn": "one", "id": ${first}}\r\n`];
    };
    const qmp = await connect();
    expect(await Promise.all([qmp.execute("query-status"), qmp.execute("query-chardev")])).toEqual(["one", "two"]);
  });

  it("passes QEMU's refusal on in its own words", async () => {
    answer = ({ id }) => [`{"error": {"class": "GenericError", "desc": "Device 'dut0' not found"}, "id": ${id}}\r\n`];
    const qmp = await connect();
    await expect(qmp.execute("device_del", { id: "dut0" })).rejects.toMatchObject({
      code: "qmp-error",
      message: "QEMU refused device_del: Device 'dut0' not found",
    });
  });

  it("takes lines that are not QMP as noise", async () => {
    answer = ({ id }) => [`warning: something\n{"return": 1, "id": ${id}}\n`];
    const qmp = await connect();
    expect(await qmp.execute("query-status")).toBe(1);
  });

  it("hands events over and waits for one with the right data", async () => {
    const qmp = await connect();
    await qmp.negotiate(1000);
    const reset = qmp.nextEvent("RESET", 1000, (data) => data.guest === false);
    peer?.write('{"event": "RESET", "data": {"guest": true}}\r\n{"event": "RESET", "data": {"guest": false}}\r\n');
    expect((await reset).data).toEqual({ guest: false });
  });

  it("does not wait for ever, neither for an answer nor for an event", async () => {
    answer = () => [];
    const qmp = await connect();
    await expect(qmp.execute("stop", {}, 30)).rejects.toMatchObject({ code: "qmp-timeout" });
    await expect(qmp.nextEvent("SHUTDOWN", 30)).rejects.toMatchObject({ code: "qmp-timeout" });
  });

  it("fails what is under way, and all that follows, when QEMU ends", async () => {
    answer = () => {
      peer?.destroy();
      return [];
    };
    const qmp = await connect();
    await expect(qmp.execute("quit")).rejects.toMatchObject({ code: "qmp-closed" });
    await expect(qmp.execute("stop")).rejects.toMatchObject({ code: "qmp-closed" });
  });
});
