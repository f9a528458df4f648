/** What the host is, in one command. */
import type { Nanoseconds } from "../../base/clock.ts";
import { RigFault } from "../../base/errors.ts";
import type { Shell } from "../shell/shell.ts";

export interface HostFacts {
  readonly kernel: string;
  readonly machine: string;
  /** Another one after each boot. */
  readonly bootId: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly commandLine: string;
  /** CLOCK_BOOTTIME, to 10 ms. */
  readonly uptimeNs: Nanoseconds;
}

const SCRIPT = `uname -r; uname -m
cat /proc/sys/kernel/random/boot_id
grep -c ^processor /proc/cpuinfo
grep MemTotal /proc/meminfo
cat /proc/cmdline /proc/uptime`;

export async function readHostFacts(shell: Shell): Promise<HostFacts> {
  const text = await shell.run(SCRIPT);
  const [kernel, machine, bootId, cpus, memory, commandLine, uptime] = text.trim().split("\n");
  if (!kernel || !machine || !bootId || !uptime) {
    throw new RigFault("host-facts", `the host did not say what it is; found "${text.trim().slice(0, 200)}"`);
  }
  return {
    kernel,
    machine,
    bootId,
    cpus: Number(cpus) || 1,
    memoryMb: Math.round(Number(/\d+/.exec(memory ?? "")?.[0] ?? 0) / 1024),
    commandLine: commandLine ?? "",
    uptimeNs: Number.parseFloat(uptime) * 1e9,
  };
}

export const readBootId = async (shell: Shell): Promise<string> =>
  (await shell.run("cat /proc/sys/kernel/random/boot_id")).trim();
