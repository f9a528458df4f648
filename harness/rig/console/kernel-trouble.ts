/** Console lines that mean that the host's kernel is in trouble, and how much. */

export interface KernelTrouble {
  /** dead: nothing more is to be had of this boot. broken: goes on, not to be trusted. warned: noted only. */
  readonly severity: "dead" | "broken" | "warned";
  readonly kind: string;
  readonly text: string;
}

/** Texts of kernel/panic.c, lib/bug.c, arch/x86/kernel/dumpstack.c, mm/fault.c, kernel/watchdog.c, hung_task.c, rcu. */
const PATTERNS: readonly (readonly [RegExp, KernelTrouble["severity"], string])[] = [
  [/Kernel panic - not syncing/, "dead", "panic"],
  [/---\[ end Kernel panic/, "dead", "panic"],
  [/VFS: Unable to mount root fs/, "dead", "no root file system"],
  [/\bOops: |\bOops\b.*\[#\d+\]/, "broken", "oops"],
  [/\bBUG: (unable to handle|kernel NULL pointer)/, "broken", "bad memory access"],
  [/\bgeneral protection fault\b/, "broken", "general protection fault"],
  [/\bkernel BUG at /, "broken", "BUG"],
  [/\bBUG: KASAN: /, "broken", "KASAN"],
  [/\b(soft|hard) lockup\b/i, "broken", "lockup"],
  [/\brcu\S*:? .*(detected .*stalls|self-detected stall)/, "broken", "RCU stall"],
  [/\bINFO: task .* blocked for more than \d+ seconds/, "broken", "hung task"],
  [/\bBUG: /, "broken", "BUG"],
  [/\bOut of memory: Killed process/, "broken", "out of memory"],
  [/\bWARNING: .*(CPU: \d+ PID: \d+|at \S+:\d+)/, "warned", "WARNING"],
  [/\bINFO: possible (recursive|circular) locking/, "warned", "lock order"],
];

/** Undefined for a line of no concern. */
export function classifyKernelLine(text: string): KernelTrouble | undefined {
  const found = PATTERNS.find(([pattern]) => pattern.test(text));
  return found && { severity: found[1], kind: found[2], text };
}
