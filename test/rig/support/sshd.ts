/**
 * Real SSH servers on a loopback port, as this user: OpenSSH's sshd where that is asked for, and ssh2's own server,
 * which is a real one too and is always there. Both run what they are told with `sh -c`.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import ssh2, { type ServerChannel, type Session } from "ssh2";
import type { SshShellOptions } from "../../../harness/rig/shell/ssh-shell.ts";

const SSHD = "/usr/sbin/sshd";

export type ServerKind = "ssh2" | "openssh";
/**
 * The machine's own sshd is somebody else's: slow logins (PAM, name service) are no fault of ours, so it is asked for. The rig
 * suites log in to a real dropbear in any case.
 */
export const serverKinds: readonly ServerKind[] =
  process.env.MHI_HIL_TEST_OPENSSH && existsSync(SSHD) ? ["ssh2", "openssh"] : ["ssh2"];

export interface TestServer {
  readonly dir: string;
  readonly port: number;
  readonly hostKeyLine: string;
  options(extra?: Partial<SshShellOptions>): SshShellOptions;
  start(): Promise<void>;
  /** Ends the server's side of every connection without a word, as a killed session process does. */
  killSessions(): void;
  /** Everything stands still, connections stay open. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** Keys are made and the port is chosen; nothing listens before `start`. */
export async function prepareServer(kind: ServerKind): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), "mhi-hil-ssh-"));
  const port = await freePort();
  for (const name of ["host", "user", "other"]) writeKey(dir, name);
  const hostKeyLine = readFileSync(join(dir, "host.pub"), "utf8").trim();
  const runner = kind === "openssh" ? openSsh(dir, port) : ssh2Server(dir, port);
  return {
    dir,
    port,
    hostKeyLine,
    options: (extra = {}) => ({
      host: "127.0.0.1",
      port,
      user: userInfo().username,
      auth: { by: "keyFile", file: join(dir, "user") },
      hostKey: { by: "publicKey", key: hostKeyLine },
      connectTimeoutMs: 10_000,
      ...extra,
    }),
    ...runner,
    stop: async () => {
      await runner.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function writeKey(dir: string, name: string): void {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  writeFileSync(join(dir, name), pair.private, { mode: 0o600 });
  writeFileSync(join(dir, `${name}.pub`), `${pair.public}\n`);
}

type Runner = Pick<TestServer, "start" | "stop" | "killSessions" | "freeze" | "thaw">;

function openSsh(dir: string, port: number): Runner {
  let child: ChildProcess | undefined;
  const config = join(dir, "sshd_config");
  writeFileSync(
    config,
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${dir}/host\nPidFile none\nPermitRootLogin yes\n` +
      `AuthorizedKeysFile ${dir}/user.pub\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nMaxSessions 50\n`,
  );
  const below = (pid: number | undefined): number[] => {
    const found = execFileSync("sh", ["-c", `ps -o pid= --ppid ${pid} || true`], { encoding: "utf8" });
    const direct = found.split("\n").map(Number).filter(Boolean);
    return direct.flatMap((entry) => [entry, ...below(entry)]);
  };
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of below(child?.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // Ended while we looked: `ps` itself stands in its own list.
      }
    }
  };
  return {
    start: async () => {
      if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
      child = spawn(SSHD, ["-D", "-e", "-f", config], { stdio: "ignore" });
    },
    killSessions: () => signalAll("SIGKILL"),
    freeze: () => signalAll("SIGSTOP"),
    thaw: () => signalAll("SIGCONT"),
    stop: async () => {
      const running = child;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      signalAll("SIGKILL");
      await new Promise<void>((resolve) => {
        running.once("exit", () => resolve());
        running.kill("SIGKILL");
      });
    },
  };
}

function ssh2Server(dir: string, port: number): Runner {
  const allowed = ssh2.utils.parseKey(readFileSync(join(dir, "user.pub")));
  if (allowed instanceof Error) throw allowed;
  const sockets = new Set<import("node:net").Socket>();
  const children = new Set<ChildProcess>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(dir, "host"))] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      const known = context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH());
      if (!known) return context.reject(["publickey"]);
      const { signature, blob } = context;
      if (signature && blob && allowed.verify(blob, signature, context.hashAlgo) !== true) return context.reject();
      context.accept();
    });
    client.on("session", (accept) => serveSession(accept(), children));
  });
  // What stands between client and server is ours, so that a test can cut or freeze it.
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    server.injectSocket(socket);
  });
  return {
    start: () => new Promise((resolve) => front.listen(port, "127.0.0.1", resolve)),
    killSessions: () => {
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      for (const socket of sockets) socket.resume();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      for (const child of children) child.kill("SIGKILL");
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

function serveSession(session: Session, children: Set<ChildProcess>): void {
  session.on("exec", (acceptExec, _reject, info) => {
    const channel: ServerChannel = acceptExec();
    const child = spawn("sh", ["-c", info.command]);
    children.add(child);
    channel.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    channel.stderr.on("error", () => undefined);
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on("close", () => child.kill("SIGKILL"));
    child.on("close", (code, signal) => {
      children.delete(child);
      if (signal) channel.exit(signal.slice(3), false, "");
      else channel.exit(code ?? 0);
      channel.end();
    });
  });
}
