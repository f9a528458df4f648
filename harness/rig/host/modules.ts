/** Kernel modules of the host. */
import { RigFault, UsageError } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";

/** The kernel takes "-" for "_" in module names; sysfs has the underscore only. */
function moduleName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name.replaceAll("-", "_");
  throw new UsageError("module-name", `"${name}" is not a kernel module's name`);
}

export async function moduleLoaded(shell: Shell, name: string): Promise<boolean> {
  const result = await shell.exec(`[ -d /sys/module/${moduleName(name)} ]`);
  return result.exitCode === 0;
}

/** Whether modprobe would find it (or the kernel has it built in). */
export async function moduleAvailable(shell: Shell, name: string): Promise<boolean> {
  const module = moduleName(name);
  // busybox's modprobe has no dry run; the index is the same for both. A file's name has either kind of dash.
  const file = `/${module.replaceAll("_", "[_-]")}\\.ko`;
  const index = "/lib/modules/$(uname -r)/modules";
  const script = `[ -d /sys/module/${module} ] || grep -q '${file}' ${index}.dep ${index}.builtin 2>/dev/null`;
  return (await shell.exec(script)).exitCode === 0;
}

/** @throws RigFault `module-load`: modprobe's own words. */
export async function loadModule(
  shell: Shell,
  name: string,
  options: { readonly parameters?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<void> {
  const module = moduleName(name);
  const parameters = Object.entries(options.parameters ?? {}).map(([key, value]) => quote(`${key}=${value}`));
  const result = await shell.exec(["modprobe", module, ...parameters].join(" "), {
    timeoutMs: options.timeoutMs ?? 30_000,
  });
  if (result.exitCode === 0) return;
  const said = result.stderr.trim().slice(-300) || `exit code ${result.exitCode}`;
  throw new RigFault("module-load", `module ${module} cannot be loaded: ${said}`, { values: { module } });
}

/**
 * Unloads a module; one that is not loaded is fine. Modules that it alone used go with it, as `modprobe -r` does.
 *
 * @throws RigFault `module-unload`: who uses it; or that the kernel did not come back within the deadline, which mostly
 * means that a driver's remove hangs.
 */
export async function unloadModule(
  shell: Shell,
  name: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<void> {
  const module = moduleName(name);
  const timeoutMs = options.timeoutMs ?? 30_000;
  // busybox's modprobe also fails where the module itself is gone and only one that it used stays, in use by others.
  const script = `[ -d /sys/module/${module} ] || exit 0
err=$(modprobe -r ${module} 2>&1)
[ -d /sys/module/${module} ] || exit 0
echo "$err" >&2
echo "used by: $(ls /sys/module/${module}/holders 2>/dev/null | tr '\\n' ' ') count $(cat /sys/module/${module}/refcnt 2>/dev/null)" >&2
exit 1`;
  const result = await shell.exec(script, { timeoutMs }).catch((cause: unknown) => {
    if (!(cause instanceof RigFault) || cause.code !== "shell-timeout") throw cause;
    const sentence = `module ${module} did not unload within ${timeoutMs} ms: its remove hangs; see dmesg, then power-cycle the host`;
    throw new RigFault("module-unload", sentence, { cause, values: { module, timeoutMs } });
  });
  if (result.exitCode === 0) return;
  const said = result.stderr.trim().replace(/\s*\n\s*/g, "; ");
  throw new RigFault("module-unload", `module ${module} cannot be unloaded: ${said}`, { values: { module } });
}
