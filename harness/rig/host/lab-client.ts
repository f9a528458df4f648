/** The lab's own MHI client in the guest (harness/lab/guest/mhi_hil_client.c): LOOPBACK and RDDM, through debugfs. */
import { RigFault } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { errnoOf } from "./sysfs.ts";

export const LAB_CLIENT = "mhi_hil_client";
const DEBUGFS = "/sys/kernel/debug";
const MOUNTED = `grep -q " ${DEBUGFS} debugfs" /proc/mounts || mount -t debugfs none ${DEBUGFS} || exit 1\n`;

/** One transfer over LOOPBACK and its answer. @throws RigFault `host-write`: errno in `values.errno` */
export async function exchangeThroughLoopback(
  shell: Shell,
  controller: string,
  message: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const file = quote(`${DEBUGFS}/mhi_hil/${controller}/loopback`);
  // one write, whatever the shell's buffers: dd with one block of just that size
  const script = `${MOUNTED}dd of=${file} bs=${message.length} count=1 iflag=fullblock 2>/dev/null || { printf '' >${file}; exit 1; }
od -An -v -tx1 ${file}`;
  const result = await shell.exec(script, { timeoutMs: timeoutMs + 20_000, input: message });
  if (result.exitCode === 0) return Buffer.from(result.stdout.replaceAll(/\s/g, ""), "hex");
  throw refused(`send over LOOPBACK of ${controller}`, result.stderr, result.exitCode);
}

/** Has the kernel take the RAM dump of a controller in RDDM and hand it to devcoredump. @throws RigFault `host-write` */
export async function takeRddm(shell: Shell, controller: string, timeoutMs: number): Promise<void> {
  const script = `${MOUNTED}printf %s ${quote(controller)} >${DEBUGFS}/mhi_hil/rddm`;
  const { exitCode, stderr } = await shell.exec(script, { timeoutMs: timeoutMs + 20_000 });
  if (exitCode !== 0) throw refused(`take the RAM dump of ${controller}`, stderr, exitCode);
}

function refused(what: string, stderr: string, exitCode: number): RigFault {
  const errno = errnoOf(stderr);
  const said = errno ?? (stderr.trim().slice(-200) || `exit code ${exitCode}`);
  return new RigFault("host-write", `cannot ${what}: ${said}`, { values: { errno } });
}
