/** One SSH connection: from the TCP connect to the login, and the watch over it until it ends. */
import { type Socket, connect as tcpConnect } from "node:net";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { RigFault } from "../../base/errors.ts";
import { loginConfig, type ShellAuth } from "./auth.ts";
import { type HostKeyExpectation, hostKeyCheck } from "./host-key.ts";

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly auth: ShellAuth;
  readonly hostKey: HostKeyExpectation;
}

export interface SshConnection {
  readonly client: Client;
  readonly socket: Socket;
}

/** A connection attempt that may go better the next time: the host still boots. */
export class NotYet extends Error {}

/**
 * A forwarded port (QEMU's user network) accepts at once and stays silent until the guest answers: without a limit of
 * its own for the server's first line, one early attempt would eat the whole deadline.
 */
const FIRST_LINE_MS = 2000;
/** Key exchange and login; a guest without hardware virtualisation takes a second or two. */
const LOGIN_MS = 15_000;

/**
 * AES-GCM is the cheapest where the processor has AES; dropbear has none of it and does ChaCha20 in plain C for less
 * than AES with a MAC. No compression: trace pages are read on a loopback or in a lab.
 */
const ALGORITHMS: NonNullable<ConnectConfig["algorithms"]> = {
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
  ],
  compress: ["none"],
};

const HOST_KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;

/**
 * One attempt.
 *
 * @throws NotYet where the host may still come up; RigFault `host-key-mismatch`, `login-refused`, `host-unknown` where
 * it will not; UsageError for a login that cannot be tried.
 */
export async function connectOnce(target: SshTarget, remainingMs: number): Promise<SshConnection> {
  const check = hostKeyCheck(target.hostKey, target.host, target.port);
  const login = loginConfig(target.auth);
  const socket = await openSocket(target, remainingMs);
  const client = new ssh2.Client();
  let wrongKey: string | undefined;
  const config: ConnectConfig = {
    ...login,
    sock: socket,
    username: target.user,
    readyTimeout: Math.min(LOGIN_MS, Math.max(1000, remainingMs)),
    // Only to keep something coming back: SshShell judges by the bytes, since it knows when the host sleeps.
    keepaliveInterval: 2000,
    keepaliveCountMax: 1_000_000,
    algorithms: { ...ALGORITHMS, serverHostKey: hostKeyOrder(check.types) },
    hostVerifier: (key: Buffer) => {
      wrongKey = check.verify(key);
      return wrongKey === undefined;
    },
  };
  try {
    await ready(client, config);
    return { client, socket };
  } catch (error) {
    client.destroy();
    socket.destroy();
    throw explain(error, wrongKey, target);
  }
}

function hostKeyOrder(known: readonly string[]): (typeof HOST_KEY_TYPES)[number][] {
  const isKnown = (type: string): boolean =>
    known.length === 0 || known.includes(type) || (type.startsWith("rsa-") && known.includes("ssh-rsa"));
  return [...HOST_KEY_TYPES.filter(isKnown), ...HOST_KEY_TYPES.filter((type) => !isKnown(type))];
}

function ready(client: Client, config: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    // Stays on: an error after this one must not end the process.
    client.on("error", reject);
    client.once("close", () => reject(new Error("the connection was closed during login")));
    try {
      client.connect(config);
    } catch (error) {
      reject(error);
    }
  });
}

/** Resolves when the server's identification string has begun to come in (RFC 4253 section 4.2). */
function openSocket(target: SshTarget, remainingMs: number): Promise<Socket> {
  const { host, port } = target;
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host, port, noDelay: true });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      act();
    };
    const fail = (error: Error): void =>
      settle(() => {
        socket.on("error", () => undefined);
        socket.destroy();
        reject(error);
      });
    const limit = Math.min(FIRST_LINE_MS, Math.max(200, remainingMs));
    const timer = setTimeout(() => {
      const what = socket.connecting ? "no answer to the TCP connect" : "the port accepts but no SSH server answers";
      fail(new NotYet(`${what} within ${limit} ms`));
    }, limit);
    socket.on("error", (error: NodeJS.ErrnoException) => fail(explain(error, undefined, target)));
    socket.on("end", () => fail(new NotYet("the port accepts and closes at once")));
    // "readable" also comes at the end of the stream.
    socket.on("readable", () => {
      if (socket.readableLength > 0) settle(() => resolve(socket));
    });
  });
}

function explain(error: unknown, wrongKey: string | undefined, target: SshTarget): Error {
  const where = `${target.user}@${target.host}:${target.port}`;
  if (wrongKey)
    return new RigFault("host-key-mismatch", wrongKey, { values: { host: target.host, port: target.port } });
  if (!(error instanceof Error)) return new NotYet(String(error));
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOTFOUND") {
    return new RigFault("host-unknown", `no host of the name ${target.host}; correct the rig file or the DNS`, {
      cause: error,
    });
  }
  if ("level" in error && error.level === "client-authentication") {
    const how = { agent: "the SSH agent's keys", keyFile: "the key", keyEnv: "the key", passwordEnv: "the password" };
    return new RigFault(
      "login-refused",
      `${where} refused ${how[target.auth.by]} (auth: ${target.auth.by}); check the user, and that the host lets it in`,
      { cause: error, values: { host: target.host, user: target.user } },
    );
  }
  if (/agent/i.test(error.message) && target.auth.by === "agent") {
    return new RigFault("login-refused", `${where}: the SSH agent does not answer: ${error.message}`, { cause: error });
  }
  return new NotYet(code === "ECONNREFUSED" ? "the port refuses connections" : error.message);
}
