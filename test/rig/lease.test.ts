import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../harness/base/wait.ts";
import { acquireLease, leaseHolder } from "../../harness/rig/lease.ts";

const id = `test-${process.pid}`;
const dir = mkdtempSync(join(tmpdir(), "mhi-hil-lease-"));
const children: ChildProcess[] = [];

beforeAll(() => {
  // Another process with the real thing: vitest's own transformer is not there, so it speaks the same protocol.
  writeFileSync(
    join(dir, "holder.mjs"),
    `import net from "node:net";
const me = { who: "a nightly run", user: "lab", pid: process.pid, command: "holder.mjs", since: new Date(0).toISOString() };
const server = net.createServer((socket) => socket.end(JSON.stringify(me) + "\\n"));
server.on("error", (error) => { console.log(error.code); process.exit(1); });
server.listen("\\0mhi-hil/lease/${id}", () => console.log("held"));
`,
  );
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(dir, "holder.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [said] = child.stdout ? await once(child.stdout, "data") : [];
  expect(String(said)).toBe("held\n");
  return child;
}

const free = (): Promise<unknown> =>
  waitFor(async () => (await leaseHolder(id)) === undefined, { what: "the name to be free", timeoutMs: 3000 });

test("taken once, told by whom and since when, free after release", async () => {
  const lease = await acquireLease(id, "unit test");
  await expect(acquireLease(id, "another")).rejects.toMatchObject({
    kind: "rig",
    code: "lease-taken",
    message: expect.stringMatching(
      new RegExp(
        `^rig ${id} is in use by unit test \\(user \\S+, pid ${process.pid}, .*\\) since ${lease.holder.since}; `,
      ),
    ),
  });
  await lease.release();
  await lease.release();
  await (await acquireLease(id, "again")).release();
});

test("one who asks and does not go away does not hold up the release", async () => {
  const lease = await acquireLease(id, "x");
  const asking = connect({ path: `\0mhi-hil/lease/${id}`, allowHalfOpen: true });
  await once(asking, "data");
  const started = performance.now();
  await lease.release();
  expect(performance.now() - started).toBeLessThan(1000);
  asking.destroy();
});

test("a killed holder frees it", async () => {
  const child = await holder();
  await expect(acquireLease(id, "x")).rejects.toThrow(
    /in use by a nightly run \(user lab, pid \d+, holder\.mjs\) since 1970/,
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  await free();
  await (await acquireLease(id, "x")).release();
});

test("a stopped holder does not hang us and is named from /proc", async () => {
  const child = await holder();
  child.kill("SIGSTOP");
  const started = performance.now();
  await expect(acquireLease(id, "x")).rejects.toMatchObject({
    code: "lease-taken",
    message: expect.stringMatching(
      new RegExp(`in use by pid ${child.pid} \\(node .*holder\\.mjs, stopped, started .*it may be stopped`),
    ),
  });
  expect(performance.now() - started).toBeLessThan(3000);
});

test("a holder that talks rubbish, or control characters, is not repeated", async () => {
  for (const answer of [
    "not json\n",
    '{"who":"\\u001b[2Jx","user":"u","pid":1,"command":"c","since":"1970-01-01T00:00:00Z"}\n',
    `${"x".repeat(9000)}`,
  ]) {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume().end(answer);
    });
    await new Promise<void>((resolve) => server.listen(`\0mhi-hil/lease/${id}`, resolve));
    await expect(acquireLease(id, "x")).rejects.toThrow(/did not say since when/);
    await new Promise((resolve) => server.close(resolve));
  }
});
