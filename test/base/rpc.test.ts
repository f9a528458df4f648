import { once } from "node:events";
import { existsSync, linkSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DutFault, HilError, RigFault, UsageError } from "../../harness/base/errors.ts";
import { RpcClient, type RpcPeer, RpcServer } from "../../harness/base/rpc.ts";
import { waitFor } from "../../harness/base/wait.ts";

let folder = "";
let path = "";
const closers: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-rpc-"));
  path = join(folder, "s.sock");
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(handlers: Parameters<typeof RpcServer.listen>[1]): Promise<RpcServer> {
  const server = await RpcServer.listen(path, handlers);
  closers.push(() => server.close());
  return server;
}

async function client(): Promise<RpcClient> {
  const found = await RpcClient.connect(path);
  if (!found) throw new Error(`nobody listens on ${path}`);
  closers.push(() => found.close());
  return found;
}

/** What a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    (value) => new Error(`was answered: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error(`thrown, and no Error: ${String(error)}`);
}

/** A server that says `lines` to whoever asks it anything, whatever that is. */
async function parrot(...lines: string[]): Promise<void> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    // Left open: an end of the call must be the client's own doing.
    socket.once("data", () => socket.write(lines.map((line) => `${line}\n`).join("")));
    closers.push(() => socket.destroy());
  });
  server.listen(path);
  await once(server, "listening");
  closers.push(() => server.close());
}

/** Writes raw bytes and gives the lines that come back, as many as are wanted. */
async function raw(bytes: readonly (string | Buffer)[], wanted: number): Promise<unknown[]> {
  const socket = connect(path);
  closers.push(() => socket.destroy());
  await once(socket, "connect");
  for (const part of bytes) {
    socket.write(part);
    await delay(5);
  }
  const lines: unknown[] = [];
  for await (const line of createInterface({ input: socket })) {
    lines.push(JSON.parse(line));
    if (lines.length === wanted) break;
  }
  return lines;
}

describe("requests", () => {
  test("arguments go there, results come back, and many at once keep apart", async () => {
    await serve({
      echo: (args) => args,
      slow: async (args) => {
        await delay(30);
        return args;
      },
      nothing: () => undefined,
    });
    const peer = await client();
    const asked = Array.from({ length: 20 }, (_, index) => peer.call(index % 2 ? "echo" : "slow", { index }));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, (_, index) => ({ index })));
    expect(await peer.call("nothing")).toBeNull();
    expect(await peer.call("echo", { text: "line\nend, \u00e4, \u{1f4e1}" })).toEqual({
      text: "line\nend, \u00e4, \u{1f4e1}",
    });
  });

  test.each([
    ["RigFault", new RigFault("power-stuck", "the switch does not answer"), RigFault],
    ["DutFault", new DutFault("no-ack", "the device did not answer"), DutFault],
    ["UsageError", new UsageError("bad-fault", "no such fault"), UsageError],
  ])("a handler's %s comes back as one, with code and message", async (_name, thrown, kind) => {
    await serve({ fail: () => Promise.reject(thrown) });
    const error = await refusal((await client()).call("fail"));
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ name: thrown.name, code: thrown.code, kind: thrown.kind, message: thrown.message });
  });

  test("a handler's own bug comes back as a plain error, never as a fault of lab or product", async () => {
    await serve({
      bug: () => {
        throw new TypeError("x is undefined");
      },
      unwritable: () => 1n,
    });
    const peer = await client();
    for (const [op, message] of [
      ["bug", "x is undefined"],
      ["unwritable", "BigInt"],
    ] as const) {
      const error = await refusal(peer.call(op));
      expect(error).not.toBeInstanceOf(HilError);
      expect(error.message).toContain(message);
    }
  });

  test("the cause of a handler's fault is told in its message, for it does not travel", async () => {
    const cause = new Error("connect ECONNREFUSED");
    await serve({ fail: () => Promise.reject(new RigFault("pdu", "the outlet cannot be switched", { cause })) });
    const error = await refusal((await client()).call("fail"));
    expect(error.message).toBe("the outlet cannot be switched (connect ECONNREFUSED)");
  });

  test.each(["no-such", "toString", "constructor", "__proto__"])("an unknown operation: %s", async (op) => {
    await serve({ known: () => 1 });
    const peer = await client();
    const error = await refusal(peer.call(op));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "unknown-op", message: `no operation "${op}"` });
    expect(await peer.call("known")).toBe(1);
  });
});

describe("lines that are no requests", () => {
  test.each(["{", "null", "17", '"status"', '{"id":1,"op":', "\u0000\u0001"])(
    "%j is refused in words",
    async (line) => {
      await serve({ known: () => 1 });
      const [refused, answered] = await raw([`${line}\n`, '{"id":7,"op":"known"}\n'], 2);
      expect(refused).toMatchObject({ id: null, ok: false, error: { code: "bad-request", kind: "usage" } });
      expect(answered).toEqual({ id: 7, ok: true, result: 1 });
    },
  );

  test("a request in pieces, cut within a character, and two in one piece", async () => {
    await serve({ echo: (args) => args });
    const request = Buffer.from('{"id":1,"op":"echo","args":"\u00e4"}\n');
    const cut = request.indexOf(0xc3) + 1;
    const two = '\n{"id":2,"op":"echo","args":2}\n{"id":3,"op":"echo","args":3}\n';
    expect(await raw([request.subarray(0, cut), request.subarray(cut), two], 3)).toEqual([
      { id: 1, ok: true, result: "\u00e4" },
      { id: 2, ok: true, result: 2 },
      { id: 3, ok: true, result: 3 },
    ]);
  });

  test.each(["HTTP/1.1 400 Bad Request", "null", "{"])("a server that answers %j: the call ends", async (line) => {
    await parrot(line);
    const peer = await client();
    expect(await refusal(peer.call("status"))).toMatchObject({ kind: "rig", code: "rpc-closed" });
    expect(peer.closed).toBe(true);
  });

  test("an answer to nobody's question is passed over; a refusal without a reason is an error", async () => {
    await parrot('{"id":99,"ok":true,"result":"stray"}', '{"ok":true}', '{"id":1,"ok":false}');
    const error = await refusal((await client()).call("status"));
    expect(error.message).toBe("no reason given");
  });
});

describe("ends", () => {
  test("the server dies with calls pending: each is refused with its own name, and later ones at once", async () => {
    const server = await serve({ hang: () => new Promise(() => undefined), other: () => new Promise(() => undefined) });
    const peer = await client();
    let told = 0;
    peer.on("close", () => {
      told++;
    });
    const pending = [refusal(peer.call("hang")), refusal(peer.call("other"))];
    await delay(20);
    expect(peer.closed).toBe(false);
    await server.close();
    const [first, second] = await Promise.all(pending);
    expect(first).toMatchObject({ code: "rpc-closed", kind: "rig" });
    expect(first?.message).toContain('"hang"');
    expect(second?.message).toContain('"other"');
    expect(await refusal(peer.call("hang"))).toMatchObject({ code: "rpc-closed" });
    expect(told).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  test("no answer within the time: refused; the answer that comes later harms nobody", async () => {
    await serve({ slow: () => delay(80), quick: () => "here" });
    const peer = await client();
    const error = await refusal(peer.call("slow", {}, 20));
    expect(error).toMatchObject({ kind: "rig", code: "rpc-timeout" });
    expect(error.message).toBe('"slow" was not answered within 20 ms');
    await delay(100);
    expect(await peer.call("quick")).toBe("here");
  });

  test("a client that goes: the server is told, once, and its late answer goes nowhere", async () => {
    const peers: RpcPeer[] = [];
    let gone = 0;
    let answered = false;
    const server = await serve({
      hold: async (_args, peer) => {
        peers.push(peer);
        peer.onClose(() => {
          gone++;
        });
        await delay(60);
        answered = true;
      },
      known: () => 1,
    });
    const leaving = await client();
    const refused = refusal(leaving.call("hold"));
    await waitFor(() => peers.length === 1, { what: "the call to arrive", timeoutMs: 2000 });
    leaving.close();
    expect(await refused).toMatchObject({ code: "rpc-closed" });
    await waitFor(() => gone === 1 && answered, { what: "the server to notice", timeoutMs: 2000 });
    peers[0]?.push("late", {});
    server.broadcast("late", {});
    expect(await (await client()).call("known")).toBe(1);
    expect(gone).toBe(1);
  });
});

describe("events", () => {
  test("broadcast reaches every client, push only the one that asked, and one that stopped listening none", async () => {
    const server = await serve({
      poke: (_args, peer) => peer.push("note", "for you"),
      sync: () => null,
    });
    const [one, two] = [await client(), await client()];
    const seen = { one: [] as unknown[], two: [] as unknown[], stopped: [] as unknown[], other: [] as unknown[] };
    one.on("note", (data) => seen.one.push(data));
    one.on("unrelated", (data) => seen.other.push(data));
    const stop = two.on("note", (data) => seen.stopped.push(data));
    two.on("note", (data) => seen.two.push(data));
    await Promise.all([one.call("sync"), two.call("sync")]);
    server.broadcast("note", { n: 1 });
    await Promise.all([one.call("sync"), two.call("sync")]);
    stop();
    await one.call("poke");
    server.broadcast("note", { n: 2 });
    await Promise.all([one.call("sync"), two.call("sync")]);
    expect(seen).toEqual({
      one: [{ n: 1 }, "for you", { n: 2 }],
      two: [{ n: 1 }, { n: 2 }],
      stopped: [{ n: 1 }],
      other: [],
    });
  });
});

describe("the socket's path", () => {
  test("is the user's alone", async () => {
    await serve({});
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("nobody there, a dead socket, a plain file: no client, and no error", async () => {
    expect(await RpcClient.connect(path)).toBeUndefined();
    writeFileSync(path, "");
    expect(await RpcClient.connect(path)).toBeUndefined();
  });

  test("what a killed server left behind is no hindrance", async () => {
    const dead = createServer();
    dead.listen(path);
    await once(dead, "listening");
    // A socket whose server was killed stays in the folder; a second name of it does the same here.
    linkSync(path, `${path}.kept`);
    await new Promise((resolve) => dead.close(resolve));
    renameSync(`${path}.kept`, path);
    expect(existsSync(path)).toBe(true);
    expect(await RpcClient.connect(path)).toBeUndefined();
    await serve({ known: () => 1 });
    expect(await (await client()).call("known")).toBe(1);
  });

  test("a path that cannot be bound is a fault of the rig that names it", async () => {
    const nowhere = join(folder, "none", "s.sock");
    await expect(RpcServer.listen(nowhere, {})).rejects.toMatchObject({ kind: "rig", code: "socket-bind" });
    const long = join(folder, "x".repeat(100));
    const error = await refusal(RpcServer.listen(long, {}));
    expect(error).toMatchObject({ kind: "rig", code: "socket-path" });
    expect(error.message).toContain(`${long} has ${long.length} bytes`);
  });
});
