/** Writing to sysfs and waiting on the host, in POSIX sh: the host may be a busybox initramfs. */
import { RigFault } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";

/**
 * Writes one value to a sysfs or procfs file.
 *
 * @param why what this does, for the message: "bind 0000:01:00.0 to mhi-pci-generic"
 * @throws RigFault `host-write` with the kernel's own word (ENODEV, EBUSY ...) in `values.errno`.
 */
export async function writeFile(
  shell: Shell,
  path: string,
  value: string,
  why: string,
  timeoutMs = 30_000,
): Promise<void> {
  // dd, since it names the error in Debian's version and busybox's alike; dash's echo and busybox's tee do not.
  const result = await shell.exec(`printf %s ${quote(value)} | dd of=${quote(path)}`, { timeoutMs });
  if (result.exitCode === 0) return;
  const errno = errnoOf(result.stderr);
  const said = errno ?? (result.stderr.trim().slice(-200) || `exit code ${result.exitCode}`);
  throw new RigFault("host-write", `cannot ${why}: writing "${value}" to ${path} failed: ${said}`, {
    values: { path, value, errno },
  });
}

/** `No such device` of `dd: error writing '/sys/...': No such device` or `sh: can't open /dev/x: No such device`. */
export const errnoOf = (stderr: string): string | undefined =>
  /^(?:\S*\/)?(?:dd|-?\w*sh|printf)\b[^\n]*: ([A-Z][^:\n]+?)\s*$/m.exec(stderr)?.[1];

/**
 * Polls `script` on the host, every 50 ms or so, until it prints something, which is returned; undefined at the
 * deadline. The loop ends by itself, so nothing is left running when the connection goes.
 */
export async function pollOnHost(shell: Shell, script: string, timeoutMs: number): Promise<string | undefined> {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  // /proc/uptime is read by the shell itself: no process a round but the sleep.
  const loop = `read up _ </proc/uptime; end=$((\${up%.*} + ${seconds}))
while :; do
  out=$(${script}
)
  [ -n "$out" ] && { printf '%s\\n' "$out"; exit 0; }
  read up _ </proc/uptime; [ "\${up%.*}" -ge "$end" ] && exit 9
  sleep 0.05 2>/dev/null || sleep 1
done`;
  const result = await shell.exec(loop, { timeoutMs: seconds * 1000 + 10_000 });
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}
