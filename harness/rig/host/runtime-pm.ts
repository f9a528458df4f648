/** Runtime power management of one PCI device. */
import { RigFault } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { pollOnHost, writeFile } from "./sysfs.ts";

export type RuntimeStatus = "active" | "suspended" | "suspending" | "resuming" | "error" | "unsupported";

const powerFile = (address: string, name: string): string => `/sys/bus/pci/devices/${address}/power/${name}`;

export interface RuntimePm {
  readonly status: RuntimeStatus;
  /** `on` forbids runtime suspend. mhi_pci_generic flips it back to `auto` at every mission mode. */
  readonly control: "auto" | "on";
  readonly autosuspendMs: number | undefined;
  readonly suspendedMs: number;
}

export async function readRuntimePm(shell: Shell, address: string): Promise<RuntimePm> {
  const names = ["runtime_status", "control", "runtime_suspended_time", "autosuspend_delay_ms"];
  const files = names.map((name) => `cat ${quote(powerFile(address, name))} 2>/dev/null || echo -`);
  const [status, control, suspended, delay] = (await shell.run(files.join("; "))).trim().split("\n");
  return {
    status: toStatus(status ?? "-"),
    control: control === "auto" ? "auto" : "on",
    suspendedMs: Number(suspended) || 0,
    autosuspendMs: delay === undefined || delay === "-" ? undefined : Number(delay),
  };
}

const STATUSES: readonly RuntimeStatus[] = ["active", "suspended", "suspending", "resuming", "error"];
const toStatus = (word: string): RuntimeStatus => STATUSES.find((status) => status === word) ?? "unsupported";

export const setRuntimeControl = (shell: Shell, address: string, control: "auto" | "on"): Promise<void> =>
  writeFile(shell, powerFile(address, "control"), control, `set power/control of ${address}`);

export const setAutosuspendDelay = (shell: Shell, address: string, delayMs: number): Promise<void> =>
  writeFile(
    shell,
    powerFile(address, "autosuspend_delay_ms"),
    String(Math.round(delayMs)),
    `set the autosuspend delay of ${address}`,
  );

/** @throws RigFault `runtime-pm-wait` with the status, control and usage that it found instead. */
export async function waitRuntimeStatus(
  shell: Shell,
  address: string,
  status: "active" | "suspended",
  timeoutMs: number,
): Promise<void> {
  const file = quote(powerFile(address, "runtime_status"));
  if (await pollOnHost(shell, `read s <${file} && [ "$s" = ${status} ] && echo "$s"`, timeoutMs)) return;
  const found = await readRuntimePm(shell, address);
  const why = found.control === "on" ? "; runtime suspend is forbidden (power/control is on)" : "";
  throw new RigFault(
    "runtime-pm-wait",
    `${address}: expected runtime status ${status} within ${timeoutMs} ms; found ${found.status}${why}`,
    { values: { address, expected: status, found: found.status, timeoutMs } },
  );
}
