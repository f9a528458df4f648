import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../harness/base/wait.ts";
import { fingerprintOf } from "../../harness/rig/shell/host-key.ts";
import { quote } from "../../harness/rig/shell/shell.ts";
import { SshShell, type SshShellOptions } from "../../harness/rig/shell/ssh-shell.ts";
import { freePort, prepareServer, serverKinds, type TestServer } from "./support/sshd.ts";

describe.each(serverKinds)("a shell over SSH to %s", (kind) => {
  let server: TestServer;
  const shells: SshShell[] = [];
  const open = async (extra?: Partial<SshShellOptions>): Promise<SshShell> => {
    const shell = await SshShell.connect(server.options(extra));
    shells.push(shell);
    return shell;
  };

  beforeAll(async () => {
    server = await prepareServer(kind);
    await server.start();
  });
  afterEach(async () => {
    server.thaw();
    await Promise.all(shells.splice(0).map((shell) => shell.close()));
  });
  afterAll(() => server.stop());

  test("exec gives exit code, output and errors apart", async () => {
    const shell = await open();
    expect(await shell.exec("echo out; echo err >&2; exit 3")).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await shell.exec("cat", { input: "in \0 put" })).toMatchObject({ exitCode: 0, stdout: "in \0 put" });
    expect(await shell.exec("kill -9 $$")).toMatchObject({ exitCode: 137, signal: "SIGKILL" });
  });

  test("run refuses a non-zero exit with the command and what it said", async () => {
    const shell = await open();
    expect(await shell.run("echo hello")).toBe("hello\n");
    await expect(shell.run("echo no such thing >&2; exit 2")).rejects.toMatchObject({
      code: "command-failed",
      kind: "rig",
      message: expect.stringMatching(/ended with exit code 2: no such thing$/),
    });
  });

  test("many commands at once, 1 MiB of binary output unharmed", async () => {
    const shell = await open();
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => shell.run(`echo ${index}`)));
    expect(results).toEqual(Array.from({ length: 8 }, (_, index) => `${index}\n`));
    const stream = await shell.stream("head -c 1048576 /dev/zero | tr '\\0' '\\377'; echo warn >&2; exit 4");
    let size = 0;
    let wrong = 0;
    stream.onData((chunk) => {
      size += chunk.length;
      for (const byte of chunk) if (byte !== 0xff) wrong++;
    });
    expect(await stream.done).toEqual({ exitCode: 4, stderr: "warn\n" });
    expect([size, wrong]).toEqual([1_048_576, 0]);
  });

  test("a stream takes input and ends when it is closed", async () => {
    const shell = await open();
    const stream = await shell.stream("cat");
    const got: string[] = [];
    stream.onData((chunk) => got.push(chunk.toString()));
    stream.write("ping\n");
    await waitFor(() => got.join("") === "ping\n", { what: "the echo", timeoutMs: 3000 });
    stream.end();
    expect(await stream.done).toEqual({ exitCode: 0 });
    const endless = await shell.stream("sleep 60");
    endless.close();
    expect((await endless.done).error).toBeUndefined();
  });

  test("a command past its deadline is cut off, and the shell goes on", async () => {
    const shell = await open();
    const started = performance.now();
    await expect(shell.exec("sleep 30", { timeoutMs: 200 })).rejects.toMatchObject({
      code: "shell-timeout",
      message: expect.stringContaining("`sleep 30` did not end within 200 ms"),
    });
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await shell.run("echo still here")).toBe("still here\n");
  });

  test("output without end is refused", async () => {
    const shell = await open();
    await expect(shell.exec("yes", { timeoutMs: 20_000 })).rejects.toMatchObject({ code: "shell-output" });
  });

  test("upload writes a file whole, with its mode, or says why not", async () => {
    const shell = await open();
    const path = join(server.dir, "an odd 'name' $(x)");
    const data = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
    await shell.upload(path, data, 0o640);
    expect(readFileSync(path).equals(data)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await expect(shell.upload("/proc/nowhere/x", data)).rejects.toMatchObject({ code: "upload-failed" });
  });

  test("a killed session rejects what is pending, tells the listeners, and can be reconnected", async () => {
    const shell = await open();
    const reasons: string[] = [];
    shell.onDisconnect((why) => reasons.push(why));
    const pending = shell.exec("sleep 30");
    const stream = await shell.stream("sleep 30");
    await shell.run("true");
    server.killSessions();
    await expect(pending).rejects.toMatchObject({ code: "shell-lost", kind: "rig" });
    expect((await stream.done).error).toMatchObject({ code: "shell-lost" });
    expect(shell.connected).toBe(false);
    expect(reasons).toHaveLength(1);
    await expect(shell.exec("true")).rejects.toMatchObject({ code: "shell-lost" });
    await shell.reconnect({ timeoutMs: 5000 });
    expect(await shell.run("echo back")).toBe("back\n");
  });

  test("a peer that falls silent is noticed, unless it was said to be asleep", async () => {
    const shell = await open({ deadAfterMs: 1200 });
    shell.expectSilence(3500);
    const slow = shell.exec("echo woken", { timeoutMs: 20_000 });
    server.freeze();
    await new Promise((resolve) => setTimeout(resolve, 2800));
    server.thaw();
    expect((await slow).stdout).toBe("woken\n");
    const lost = new Promise<string>((resolve) => shell.onDisconnect(resolve));
    await new Promise((resolve) => setTimeout(resolve, 800));
    server.freeze();
    expect(await lost).toMatch(/has not answered for \d+ ms/);
  }, 20_000);

  test("the host key is checked against line, fingerprint and known_hosts", async () => {
    const blob = Buffer.from(server.hostKeyLine.split(" ")[1] ?? "", "base64");
    const known = join(server.dir, "known_hosts");
    writeFileSync(known, `# ours\nother.example ssh-ed25519 AAAA\n[127.0.0.1]:${server.port} ${server.hostKeyLine}\n`);
    await open({ hostKey: { by: "fingerprint", fingerprint: fingerprintOf(blob) } });
    await open({ hostKey: { by: "knownHosts", file: known } });
    const other = readFileSync(join(server.dir, "other.pub"), "utf8").trim();
    const otherPrint = fingerprintOf(Buffer.from(other.split(" ")[1] ?? "", "base64"));
    const started = performance.now();
    await expect(open({ hostKey: { by: "publicKey", key: other } })).rejects.toMatchObject({
      code: "host-key-mismatch",
      message: expect.stringContaining(
        `expected ssh-ed25519 ${otherPrint}, found ssh-ed25519 ${fingerprintOf(blob)}; if the host was installed anew`,
      ),
    });
    expect(performance.now() - started).toBeLessThan(3000);
    writeFileSync(known, `@revoked * ${server.hostKeyLine}\n[127.0.0.1]:${server.port} ${other}\n`);
    await expect(open({ hostKey: { by: "knownHosts", file: known } })).rejects.toThrow(/is marked @revoked/);
    writeFileSync(known, `elsewhere ${server.hostKeyLine}\n`);
    await expect(open({ hostKey: { by: "knownHosts", file: known } })).rejects.toMatchObject({
      code: "host-key-unknown",
    });
  });

  test("a refused key and an unusable one are told at once", async () => {
    await expect(open({ auth: { by: "keyFile", file: join(server.dir, "other") } })).rejects.toMatchObject({
      code: "login-refused",
      message: expect.stringMatching(/refused the key \(auth: keyFile\)/),
    });
    await expect(open({ auth: { by: "keyFile", file: "/nowhere/key" } })).rejects.toMatchObject({
      code: "login-unusable",
      message: "cannot read the private key /nowhere/key (ENOENT)",
    });
    await expect(open({ auth: { by: "keyFile", file: join(server.dir, "user.pub") } })).rejects.toThrow(
      /holds a public key/,
    );
    await expect(open({ auth: { by: "passwordEnv", env: "MHI_HIL_NOT_SET" } })).rejects.toThrow(
      "environment variable MHI_HIL_NOT_SET is not set; it should hold the password",
    );
  });

  test("a host that still boots is waited for", async () => {
    const late = await prepareServer(kind);
    try {
      const connecting = SshShell.connect(late.options({ connectTimeoutMs: 10_000 }));
      await new Promise((resolve) => setTimeout(resolve, 700));
      await late.start();
      const shell = await connecting;
      expect(await shell.run("echo up")).toBe("up\n");
      await shell.close();
    } finally {
      await late.stop();
    }
  });
});

describe("a port that never becomes an SSH server", () => {
  const target = (port: number, connectTimeoutMs: number, dir: string): SshShellOptions => ({
    host: "127.0.0.1",
    port,
    user: "root",
    auth: { by: "keyFile", file: join(dir, "user") },
    hostKey: { by: "fingerprint", fingerprint: `SHA256:${"A".repeat(43)}` },
    connectTimeoutMs,
  });
  const sockets: Socket[] = [];
  let keys: TestServer;
  let server: Server | undefined;

  beforeAll(async () => {
    keys = await prepareServer("ssh2");
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
  });
  afterAll(async () => {
    await keys.start();
    await keys.stop();
  });

  const serve = async (behave: (socket: Socket) => void): Promise<number> => {
    const port = await freePort();
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      behave(socket);
    });
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    return port;
  };

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ["accepts and says nothing", () => undefined, /no SSH login within \d+ ms; .*no SSH server answers/],
    ["closes at once", (socket) => void socket.end(), /accepts and closes at once/],
    ["speaks HTTP", (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), /no SSH login within/],
    ["stops after its first line", (socket) => void socket.write("SSH-2.0-stuck\r\n"), /no SSH login within/],
  ])("%s: one clear error by the deadline", async (_name, behave, message) => {
    const port = await serve(behave);
    const started = performance.now();
    await expect(SshShell.connect(target(port, 1500, keys.dir))).rejects.toMatchObject({
      code: "shell-unreachable",
      message: expect.stringMatching(message),
    });
    expect(performance.now() - started).toBeLessThan(4500);
  });

  test("refuses", async () => {
    await expect(SshShell.connect(target(await freePort(), 400, keys.dir))).rejects.toThrow(
      /the port refuses connections/,
    );
  });

  test("an unknown host name is not waited for", async () => {
    const options = { ...target(22, 20_000, keys.dir), host: "no-such-host.invalid" };
    await expect(SshShell.connect(options)).rejects.toMatchObject({ kind: "rig" });
  });
});

test("quote keeps any text one word", async () => {
  expect(quote("/sys/bus/pci")).toBe("/sys/bus/pci");
  expect(quote("")).toBe("''");
  expect(quote("it's $(rm) `x` \n\"")).toBe("'it'\\''s $(rm) `x` \n\"'");
  expect(() => quote("a\0b")).toThrow(/NUL/);
});
