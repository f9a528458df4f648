/** Dumps that a driver hands to user space through the kernel's devcoredump class (drivers/base/devcoredump.c). */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { RigFault } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";

export interface TakenDump {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Waits for a dump of the device at that PCI address, writes it to `file` and has the kernel forget it.
 *
 * @throws RigFault `crash-dump-wait`: none came in time; `crash-dump-cut`: the connection ended before the dump did
 */
export async function takeCoredump(
  shell: Shell,
  address: string,
  file: string,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<TakenDump> {
  const seconds = Math.ceil(timeoutMs / 1000);
  const script = `end=$(( $(cut -d. -f1 /proc/uptime) + ${seconds} ))
while [ $(cut -d. -f1 /proc/uptime) -le $end ]; do
  for d in /sys/class/devcoredump/devcd*; do
    case $(readlink -f "$d/failing_device") in */${quote(address)}|*/${quote(address)}/*) echo "$d"; exit;; esac
  done
  sleep 0.1
done`;
  const dir = (await shell.run(script, { timeoutMs: timeoutMs + 10_000 })).trim();
  if (dir === "") {
    throw new RigFault("crash-dump-wait", `the driver of ${address} handed no dump to devcoredump within ${seconds} s`);
  }
  const taken = await copyOut(shell, `${dir}/data`, file);
  await shell.run(`echo 1 > ${quote(`${dir}/data`)}`);
  return taken;
}

async function copyOut(shell: Shell, path: string, file: string): Promise<TakenDump> {
  const stream = await shell.stream(`exec cat ${quote(path)}`);
  const hash = createHash("sha256");
  const out = createWriteStream(file);
  let bytes = 0;
  stream.onData((chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
    out.write(chunk);
  });
  stream.end();
  const { exitCode, error } = await stream.done;
  out.end();
  await finished(out);
  if (exitCode === 0 && !error) return { bytes, sha256: hash.digest("hex") };
  const why = error?.message ?? `cat ended with exit code ${exitCode}`;
  throw new RigFault("crash-dump-cut", `the dump ${path} broke off after ${bytes} bytes: ${why}`);
}
