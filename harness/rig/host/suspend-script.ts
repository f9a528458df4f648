/** What is run on the host for a suspend, in POSIX sh that busybox has too. */
import type { PmTest, SleepMode } from "./suspend.ts";

export interface SuspendPlan {
  /** File that the story is written to, on the host. */
  readonly story: string;
  readonly mode: SleepMode;
  /** Absent: no alarm (pm_test comes back by itself). */
  readonly alarmS: number | undefined;
  readonly pmTest: PmTest | undefined;
}

/** A host may bring a program that mends what its platform forgets over a sleep. */
const AFTER_RESUME_HOOK = "/etc/mhi-hil/after-resume";

const RTC = "/sys/class/rtc/rtc0/wakealarm";

/**
 * Starts the suspend detached and returns at once. The short pause lets the answer of this command out before the
 * network goes.
 */
export function startScript({ story, mode, alarmS, pmTest }: SuspendPlan): string {
  const body = [
    `finish() { echo done >>${story}.part; mv ${story}.part ${story}; exit 0; }`,
    "uptime() { read up _ </proc/uptime; echo $up; }",
    `note() { echo "$*" >>${story}.part; }`,
    `lack() { note "missing $*"; finish; }`,
    `[ -w /sys/power/state ] || lack "/sys/power/state cannot be written (not root?)"`,
    ...modeLines(mode),
    ...(alarmS === undefined ? [] : alarmLines(alarmS)),
    ...(pmTest === undefined ? [] : pmTestLines(pmTest)),
    "sleep 0.1 2>/dev/null",
    'note "before $(uptime)"',
    `error=$( { echo ${mode === "s2idle" ? "freeze" : "mem"} > /sys/power/state; } 2>&1 ); code=$?`,
    'note "after $(uptime)"',
    `[ -x ${AFTER_RESUME_HOOK} ] && ${AFTER_RESUME_HOOK}`,
    'note "code $code"',
    '[ -n "$error" ] && note "error $error"',
    "s=/sys/power/suspend_stats",
    '[ "$code" = 0 ] || { note "failed-device $(cat $s/last_failed_dev 2>/dev/null)"; note "failed-step $(cat $s/last_failed_step 2>/dev/null)"; }',
    ...(pmTest === undefined ? [] : ["echo none > /sys/power/pm_test"]),
    ...(alarmS === undefined ? [] : [`echo 0 > ${RTC}`]),
    "finish",
  ];
  return `( trap '' HUP\n${body.join("\n")}\n) </dev/null >/dev/null 2>&1 &`;
}

const modeLines = (mode: SleepMode): string[] =>
  mode === "s2idle"
    ? ['grep -q freeze /sys/power/state || lack "no freeze in /sys/power/state"']
    : [
        'grep -q deep /sys/power/mem_sleep 2>/dev/null || lack "/sys/power/mem_sleep does not offer deep"',
        "echo deep > /sys/power/mem_sleep",
      ];

const alarmLines = (seconds: number): string[] => [
  `[ -w ${RTC} ] || lack "no RTC wake alarm (${RTC})"`,
  // An alarm that is already set refuses another one.
  `echo 0 > ${RTC}`,
  `echo +${seconds} > ${RTC} || lack "the RTC takes no wake alarm"`,
];

const pmTestLines = (level: PmTest): string[] => [
  '[ -w /sys/power/pm_test ] || lack "no /sys/power/pm_test (kernel without PM_DEBUG)"',
  `echo ${level} > /sys/power/pm_test || lack "pm_test does not offer ${level}"`,
];

/** Waits for the story, by itself no longer than `timeoutMs`, prints it and takes it away. */
export function waitScript(story: string, timeoutMs: number): string {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  return `read up _ </proc/uptime; end=$((\${up%.*} + ${seconds}))
while [ ! -e ${story} ]; do
  read up _ </proc/uptime
  [ "\${up%.*}" -ge "$end" ] && { echo "no word of the suspend after ${seconds} s" >&2; exit 9; }
  sleep 0.05 2>/dev/null || sleep 1
done
cat ${story}; rm -f ${story}`;
}
