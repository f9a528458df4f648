/**
 * One host key and one user key for the lab, made once and kept in the cache, so that the host can be checked and no
 * password exists. Private keys are 0600 from their first byte (the folder is 0700).
 */
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RigFault } from "../base/errors.ts";
import { lockCache } from "./cache-lock.ts";
import type { Toolchain } from "./toolchain.ts";

export interface LabKeys {
  /** OpenSSH format. */
  readonly userPrivateKeyPath: string;
  /** `ssh-ed25519 AAAA...`, without a comment. */
  readonly userPublicKey: string;
  /** dropbear's own format, for the guest. */
  readonly hostKeyPath: string;
  readonly hostPublicKey: string;
}

export async function ensureKeys(tools: Toolchain, cacheDir: string): Promise<LabKeys> {
  const dir = join(cacheDir, "keys");
  const known = await readKeys(dir);
  if (known) return known;
  const lock = await lockCache(dir);
  try {
    return (await readKeys(dir)) ?? (await replaceKeys(tools, cacheDir, dir));
  } finally {
    await lock.release();
  }
}

async function replaceKeys(tools: Toolchain, cacheDir: string, dir: string): Promise<LabKeys> {
  const temp = await mkdtemp(join(cacheDir, "keys-tmp-"));
  try {
    await makeKeys(tools, temp);
    await rm(dir, { recursive: true, force: true });
    await rename(temp, dir);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
  const made = await readKeys(dir);
  if (!made)
    throw new RigFault("lab-keys", `the lab's SSH keys in ${dir} cannot be read; remove that folder and try again`);
  return made;
}

async function makeKeys(tools: Toolchain, dir: string): Promise<void> {
  const path = (name: string) => join(dir, name);
  for (const name of ["host", "user"]) {
    await tools.run("usr/bin/dropbearkey", ["-t", "ed25519", "-f", path(`${name}_dropbear`)]);
    const shown = await tools.run("usr/bin/dropbearkey", ["-y", "-f", path(`${name}_dropbear`)]);
    const publicKey = /^(ssh-ed25519 \S+)/m.exec(shown.stdout)?.[1];
    if (publicKey === undefined) throw new RigFault("lab-keys", "dropbearkey printed no public key");
    await writeFile(path(`${name}.pub`), `${publicKey}\n`);
  }
  await tools.run("usr/bin/dropbearconvert", ["dropbear", "openssh", path("user_dropbear"), path("id_ed25519")]);
  await rm(path("user_dropbear"));
  await rm(path("user_dropbear.pub"), { force: true });
  await rm(path("host_dropbear.pub"), { force: true });
}

async function readKeys(dir: string): Promise<LabKeys | undefined> {
  const text = (name: string) => readFile(join(dir, name), "utf8").catch(() => "");
  const [hostPublic, userPublic, userPrivate] = [
    await text("host.pub"),
    await text("user.pub"),
    await text("id_ed25519"),
  ];
  const hostPrivate = await readFile(join(dir, "host_dropbear")).catch(() => Buffer.alloc(0));
  if (!hostPublic.startsWith("ssh-") || !userPublic.startsWith("ssh-")) return undefined;
  if (!userPrivate.includes("PRIVATE KEY") || hostPrivate.length === 0) return undefined;
  return {
    userPrivateKeyPath: join(dir, "id_ed25519"),
    userPublicKey: userPublic.trim(),
    hostKeyPath: join(dir, "host_dropbear"),
    hostPublicKey: hostPublic.trim(),
  };
}
