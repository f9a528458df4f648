/**
 * The host put to sleep, and back: Documentation/admin-guide/pm/sleep-states. The wake-up comes from the RTC alarm in
 * sysfs (busybox has no rtcwake), or from the controller where it can wake the host itself.
 *
 * What the suspend does runs detached on the host and leaves its story in a file: the connection may or may not live
 * through it, and neither changes the outcome.
 */
import { randomUUID } from "node:crypto";
import type { Nanoseconds } from "../../base/clock.ts";
import { describeError, RigFault, UsageError } from "../../base/errors.ts";
import type { Shell } from "../shell/shell.ts";
import { startScript, waitScript } from "./suspend-script.ts";

/** S3: `deep` in the kernel's words. s2idle: suspend to idle. */
export type SleepMode = "S3" | "s2idle";

/** Levels of /sys/power/pm_test at which a suspend stops, waits five seconds and comes back by itself. */
export type PmTest = "freezer" | "devices" | "platform" | "processors" | "core";

export interface SuspendOptions {
  readonly mode: SleepMode;
  /**
   * RTC alarm, whole seconds from the request on. It must be longer than the way into sleep takes, or it is gone
   * before the host sleeps. Default 4.
   */
  readonly wakeAfterS?: number;
  /** Only walk to this level and back; needs no wake-up. */
  readonly pmTest?: PmTest;
  /** Until the host answers again, counted from the alarm. Default 60 s. */
  readonly timeoutMs?: number;
  /** Wakes the host from outside when it has not come back `wakeGraceMs` after the alarm (a VM's own wake-up). */
  readonly wake?: () => Promise<void>;
  readonly wakeGraceMs?: number;
}

export interface SuspendResult {
  /** Whether the kernel went to sleep and came back without an error. */
  readonly slept: boolean;
  /** `Device or resource busy`: why it did not, in the kernel's word. */
  readonly error?: string;
  /** PCI address or name of the device that refused, and in which step, as /sys/power/suspend_stats has it. */
  readonly failedDevice?: string;
  readonly failedStep?: string;
  /** From the request until user space ran again, on CLOCK_BOOTTIME. */
  readonly awayNs: Nanoseconds;
  /** The SSH connection had to be made anew. */
  readonly reconnected: boolean;
  /** The alarm did not wake the host: `wake` did. */
  readonly wokenFromOutside: boolean;
}

/** Modes that the host offers: `mem_sleep` of /sys/power. */
export async function sleepModes(shell: Shell): Promise<SleepMode[]> {
  const { stdout } = await shell.exec("cat /sys/power/mem_sleep 2>/dev/null");
  const words: readonly (readonly [string, SleepMode])[] = [
    ["deep", "S3"],
    ["s2idle", "s2idle"],
  ];
  return words.filter(([word]) => stdout.includes(word)).map(([, mode]) => mode);
}

/**
 * Suspends the host and waits until it is back. A suspend that the kernel refused or aborted is a result
 * (`slept: false`), not an error: whether the DUT is to blame is the judge's business.
 *
 * @throws RigFault `suspend-unsupported`: mode, RTC alarm or pm_test is not to be had on this host.
 * @throws RigFault `host-did-not-wake`: no answer by the deadline; the host needs a power cycle.
 */
export async function suspendHost(shell: Shell, options: SuspendOptions): Promise<SuspendResult> {
  const wakeAfterS = options.wakeAfterS ?? 4;
  if (!Number.isInteger(wakeAfterS) || wakeAfterS < 1) {
    throw new UsageError("suspend-options", `wakeAfterS: expected whole seconds from 1 on, found ${wakeAfterS}`);
  }
  const timeoutMs = options.timeoutMs ?? 60_000;
  const story = `/tmp/mhi-hil-suspend-${randomUUID()}`;
  const deadline = performance.now() + wakeAfterS * 1000 + timeoutMs;
  shell.expectSilence(wakeAfterS * 1000 + timeoutMs);
  const alarmS = options.pmTest ? undefined : wakeAfterS;
  await shell.run(startScript({ story, mode: options.mode, alarmS, pmTest: options.pmTest }));
  const alarm = wakeLater(options, wakeAfterS);
  try {
    const { text, reconnected } = await awaitStory(shell, story, deadline);
    return { ...parseStory(text, options.mode), reconnected, wokenFromOutside: alarm.fired() };
  } catch (cause) {
    if (cause instanceof RigFault && cause.code === "suspend-unsupported") throw cause;
    const sentence =
      `the host did not come back from ${options.mode} within ${timeoutMs} ms of its wake alarm ` +
      `(${describeError(cause)}); look at its console, then power-cycle it`;
    throw new RigFault("host-did-not-wake", sentence, { cause, values: { mode: options.mode, timeoutMs } });
  } finally {
    alarm.cancel();
    shell.expectSilence(0);
  }
}

function wakeLater(options: SuspendOptions, wakeAfterS: number): { fired(): boolean; cancel(): void } {
  let fired = false;
  const { wake } = options;
  if (!wake) return { fired: () => false, cancel: () => undefined };
  const timer = setTimeout(
    () => {
      fired = true;
      // A wake-up that fails shows as a host that does not come back, with its own error.
      wake().catch(() => undefined);
    },
    wakeAfterS * 1000 + (options.wakeGraceMs ?? 3000),
  );
  return { fired: () => fired, cancel: () => clearTimeout(timer) };
}

/** One waiting command where the connection lives on, else as many as it takes. */
async function awaitStory(
  shell: Shell,
  story: string,
  deadline: number,
): Promise<{ text: string; reconnected: boolean }> {
  let reconnected = false;
  for (;;) {
    const remaining = deadline - performance.now();
    if (remaining <= 0) throw new RigFault("wait-timeout", "no answer");
    if (!shell.connected) {
      await shell.reconnect({ timeoutMs: remaining });
      reconnected = true;
    }
    try {
      return { text: await shell.run(waitScript(story, remaining), { timeoutMs: remaining }), reconnected };
    } catch (error) {
      // Lost in the sleep: connect anew. Anything else is the answer.
      if (!(error instanceof RigFault) || error.code !== "shell-lost") throw error;
    }
  }
}

/** Lines `key value`; a story without its last line is one of a host that was reset on the way. */
function parseStory(text: string, mode: SleepMode): Omit<SuspendResult, "reconnected" | "wokenFromOutside"> {
  const story = new Map(text.split("\n").map((line) => [line.split(" ", 1)[0] ?? "", line.replace(/^\S+ ?/, "")]));
  const missing = story.get("missing");
  if (missing !== undefined) throw new RigFault("suspend-unsupported", `the host cannot do ${mode}: ${missing}`);
  const code = Number(story.get("code"));
  const awayNs = Math.round((Number(story.get("after")) - Number(story.get("before"))) * 100) * 1e7;
  const error = story.get("error")?.replace(/^.*: /, "");
  const failedDevice = story.get("failed-device");
  const failedStep = story.get("failed-step");
  const slept = code === 0;
  return {
    slept,
    awayNs,
    ...(!slept && { error: error || `exit code ${code}` }),
    ...(!slept && failedDevice && { failedDevice }),
    ...(!slept && failedStep && { failedStep }),
  };
}
