/**
 * Is this the host that the rig file means? RFC 4253 section 8: the check of the host key is what makes the rest safe;
 * there is no way around it here, and no trust on first use.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { RigFault, UsageError } from "../../base/errors.ts";
import { expandHome } from "./paths.ts";

export type HostKeyExpectation =
  | { readonly by: "publicKey"; readonly key: string }
  | { readonly by: "fingerprint"; readonly fingerprint: string }
  | { readonly by: "knownHosts"; readonly file: string };

export interface HostKeyCheck {
  /** Key types that are known of the host, so that these are asked for first. Empty: any. */
  readonly types: readonly string[];
  /** Undefined when the key is right, else the sentence that says what is wrong. */
  verify(key: Buffer): string | undefined;
}

interface KnownKey {
  readonly type: string;
  readonly blob: string;
  readonly revoked: boolean;
}

/** `SHA256:...` as `ssh-keygen -l` prints it. */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** RFC 4253 section 6.6: a key begins with the length and the name of its type. */
export const keyTypeOf = (key: Buffer): string =>
  key.length > 4 ? key.toString("latin1", 4, 4 + Math.min(key.readUInt32BE(0), 64, key.length - 4)) : "unknown";

/** @throws UsageError, RigFault when the expectation itself cannot be read. */
export function hostKeyCheck(expected: HostKeyExpectation, host: string, port: number): HostKeyCheck {
  switch (expected.by) {
    case "publicKey":
      return checkAgainst([parsePublicKey(expected.key)], "the rig's", host);
    case "knownHosts":
      return checkAgainst(readKnownHosts(expected.file, host, port), expected.file, host);
    case "fingerprint": {
      const wanted = expected.fingerprint.replace(/=+$/, "");
      return {
        types: [],
        verify: (key) => (fingerprintOf(key) === wanted ? undefined : mismatch(host, key, wanted)),
      };
    }
  }
}

function checkAgainst(known: readonly KnownKey[], source: string, host: string): HostKeyCheck {
  const good = known.filter((entry) => !entry.revoked);
  return {
    types: [...new Set(good.map((entry) => entry.type))],
    verify: (key) => {
      const blob = key.toString("base64");
      if (known.some((entry) => entry.revoked && entry.blob === blob)) {
        return `host key of ${host}: ${keyTypeOf(key)} ${fingerprintOf(key)} is marked @revoked in ${source}`;
      }
      if (good.some((entry) => entry.blob === blob)) return undefined;
      const wanted = good.map((entry) => `${entry.type} ${fingerprintOf(Buffer.from(entry.blob, "base64"))}`);
      return mismatch(host, key, wanted.join(" or "));
    },
  };
}

const mismatch = (host: string, key: Buffer, wanted: string): string =>
  `host key of ${host}: expected ${wanted}, found ${keyTypeOf(key)} ${fingerprintOf(key)}; if the host was installed ` +
  "anew, compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console and correct the rig file; if " +
  "not, another machine answers at this address";

function parsePublicKey(line: string): KnownKey {
  const [type, blob] = line.trim().split(/\s+/);
  const key = Buffer.from(blob ?? "", "base64");
  if (!type || key.length < 16 || keyTypeOf(key) !== type) {
    throw new UsageError("host-key-unreadable", "hostKey: expected a public key line such as `ssh-ed25519 AAAA...`");
  }
  return { type, blob: key.toString("base64"), revoked: false };
}

/** sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Certificate authorities are passed over: a host's own key is asked for. */
function readKnownHosts(file: string, host: string, port: number): KnownKey[] {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const entries: KnownKey[] = [];
  for (const line of readLines(file)) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [patterns, type, blob] = words;
    if (!patterns || !type || !blob || patterns.startsWith("#") || marker === "@cert-authority") continue;
    if (matchesHost(patterns, name)) entries.push({ type, blob, revoked: marker === "@revoked" });
  }
  if (!entries.some((entry) => !entry.revoked)) {
    throw new RigFault(
      "host-key-unknown",
      `${file} holds no key of ${name}; add it with \`ssh-keyscan -p ${port} ${host}\` after comparing the ` +
        "fingerprint on the host's console, or give `hostKey: {by: fingerprint, ...}` in the rig file",
      { values: { host, port, file } },
    );
  }
  return entries;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(expandHome(file), "utf8").split("\n");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new RigFault("host-key-unknown", `cannot read the known_hosts file ${file} (${reason})`, { cause });
  }
}

function matchesHost(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) return matchesHashed(patterns, name);
  let matched = false;
  for (const pattern of patterns.split(",")) {
    const negated = pattern.startsWith("!");
    if (!globMatches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function matchesHashed(field: string, name: string): boolean {
  const [, , salt, hash] = field.split("|");
  if (!salt || !hash) return false;
  const wanted = Buffer.from(hash, "base64");
  const found = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

function globMatches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i").test(name);
}
