/**
 * What a rig's host must have before a suite is worth running. Every finding is a sentence; something missing makes
 * the run an infra fault, never a failure of the product.
 */
import { describeError } from "../base/errors.ts";
import { hex } from "../base/hex.ts";
import { driverModule, type FamilyProfile } from "../mhi/families/family.ts";
import { readHostFacts } from "./host/facts.ts";
import { loadModule, moduleAvailable } from "./host/modules.ts";
import { findPci, type PciSelector } from "./host/pci.ts";
import { sleepModes } from "./host/suspend.ts";
import { quote, type Shell } from "./shell/shell.ts";

export interface PreflightCheck {
  readonly name: string;
  /** warn: some tests cannot run. miss: none can. */
  readonly result: "ok" | "warn" | "miss";
  readonly sentence: string;
}

export interface PreflightOptions {
  readonly family: FamilyProfile;
  readonly dut: PciSelector;
  /** Ring buffer a CPU that the collector will ask for. Default 4096. */
  readonly ringKb?: number;
}

type Finding = Omit<PreflightCheck, "name">;
type Check = (shell: Shell, options: PreflightOptions) => Promise<Finding>;

const ok = (sentence: string): Finding => ({ result: "ok", sentence });
const warn = (sentence: string): Finding => ({ result: "warn", sentence });
const miss = (sentence: string): Finding => ({ result: "miss", sentence });

/** Runs all checks, in this order; one that breaks is a miss of its own and the rest goes on. */
export async function preflight(shell: Shell, options: PreflightOptions): Promise<PreflightCheck[]> {
  const results: PreflightCheck[] = [];
  for (const [name, check] of CHECKS) {
    const finding = await check(shell, options).catch((error: unknown) => miss(`${name}: ${describeError(error)}`));
    results.push({ name, ...finding });
  }
  return results;
}

export const preflightMissing = (checks: readonly PreflightCheck[]): readonly PreflightCheck[] =>
  checks.filter((check) => check.result === "miss");

const TRACEFS = "/sys/kernel/tracing";

const checkHost: Check = async (shell) => {
  const facts = await readHostFacts(shell);
  return ok(`kernel ${facts.kernel}, ${facts.cpus} CPUs, ${facts.memoryMb} MiB`);
};

const checkRoot: Check = async (shell) => {
  const id = (await shell.run("id -u")).trim();
  return id === "0" ? ok("logged in as root") : miss(`logged in as uid ${id}; tracefs, sysfs and modules need root`);
};

const checkTracefs: Check = async (shell) => {
  const script = `[ -e ${TRACEFS}/trace ] || mount -t tracefs nodev ${TRACEFS} 2>/dev/null
[ -e ${TRACEFS}/trace ] && cat ${TRACEFS}/trace_clock`;
  const result = await shell.exec(script);
  if (result.exitCode !== 0) return miss(`no tracefs at ${TRACEFS}, and it cannot be mounted`);
  return /\bboot\b/.test(result.stdout)
    ? ok(`tracefs at ${TRACEFS}, clock boot there`)
    : miss("tracefs offers no clock `boot`, which goes on through suspend");
};

const checkEvents: Check = async (shell) => {
  await loadModule(shell, "mhi");
  const { stdout } = await shell.exec(
    `cd ${TRACEFS} && ls -d events/mhi_host/mhi_* kprobe_events events/printk/console 2>/dev/null`,
  );
  const found = stdout.split("\n");
  const events = found.filter((name) => name.startsWith("events/mhi_host/"));
  if (events.length > 0) return ok(`${events.length} mhi_host trace events`);
  const instead = found.includes("kprobe_events") ? "kprobes on the driver" : "the driver's debug messages";
  return found.includes("kprobe_events") || found.includes("events/printk/console")
    ? warn(`the kernel has no mhi_host trace events (they came with Linux 6.9); ${instead} are traced instead`)
    : miss(
        "the kernel has no mhi_host trace events (they came with Linux 6.9), and neither kprobe events nor printk:console to take their place",
      );
};

const checkDriver: Check = async (shell, { family }) => {
  const name = family.pciDriver;
  const module = driverModule(family);
  return (await moduleAvailable(shell, module))
    ? ok(`driver ${name} there`)
    : miss(`the kernel has no driver ${name} (module ${module})`);
};

const checkDut: Check = async (shell, { family, dut }) => {
  const wanted = `${hex(family.pci.vendor, 4).slice(2)}:${hex(family.pci.device, 4).slice(2)}`;
  const found = await findPci(shell, dut);
  if (!found) return miss(`no DUT on the PCI bus; expected ${dut.address ?? wanted}; check power, slot and rescan`);
  const ids = `${hex(found.vendor, 4).slice(2)}:${hex(found.device, 4).slice(2)}`;
  const driver = found.driver ? `bound to ${found.driver}` : "not bound";
  return ids === wanted
    ? ok(`DUT ${ids} at ${found.address}, ${driver}`)
    : warn(`the device at ${found.address} is ${ids}; family ${family.id} is ${wanted}`);
};

const checkSleep: Check = async (shell) => {
  const modes = await sleepModes(shell);
  const rtc = (await shell.exec("[ -w /sys/class/rtc/rtc0/wakealarm ]")).exitCode === 0;
  if (modes.length === 0) return warn("the host cannot suspend; suspend tests will be skipped");
  return rtc
    ? ok(`sleeps: ${modes.join(", ")}; RTC wake alarm there`)
    : warn("no RTC wake alarm; nothing would wake the host, so suspend tests will be skipped");
};

const checkRing: Check = async (shell, { ringKb = 4096 }) => {
  const { stdout } = await shell.exec("grep -c ^processor /proc/cpuinfo; grep MemAvailable /proc/meminfo");
  const [cpus, memory] = stdout.split("\n");
  const needKb = ringKb * (Number(cpus) || 1);
  const haveKb = Number(/\d+/.exec(memory ?? "")?.[0] ?? 0);
  return haveKb > needKb * 2
    ? ok(`trace buffer ${ringKb} KiB a CPU, ${needKb} KiB in all, of ${haveKb} KiB available`)
    : warn(`trace buffer needs ${needKb} KiB and the host has ${haveKb} KiB available; events may be lost`);
};

const checkKmsg: Check = async (shell) => {
  const writable = (await shell.exec("[ -r /dev/kmsg ] && [ -w /dev/kmsg ]")).exitCode === 0;
  return writable
    ? ok("kernel log through /dev/kmsg")
    : warn(`${quote("/dev/kmsg")} cannot be used; no dmesg in the report`);
};

const CHECKS: readonly (readonly [string, Check])[] = [
  ["host", checkHost],
  ["root", checkRoot],
  ["tracefs", checkTracefs],
  ["events", checkEvents],
  ["driver", checkDriver],
  ["dut", checkDut],
  ["sleep", checkSleep],
  ["ring", checkRing],
  ["kernel log", checkKmsg],
];
