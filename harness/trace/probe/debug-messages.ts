/**
 * Debug messages of the driver on and off (Documentation/admin-guide/dynamic-debug-howto.rst). They reach the trace by the
 * event printk:console, on its clock and under its loss accounting.
 */
import type { TraceShell } from "../trace-shell.ts";
import type { TracefsPlace } from "../tracefs.ts";
import { MODULE } from "./definitions.ts";
import type { SeenKind } from "./source-choice.ts";

/** Messages that tell of whole kinds of events; 6.9 and later have the events instead, and the messages no more. */
const TOLD_BY: readonly (readonly [kind: SeenKind, format: string])[] = [
  ["worker", "Handling state transition"],
  ["intvec", "local ee"],
  ["ctrl", "State change event to state"],
  ["chan", "Updating channel state to"],
];
/** What no probe can see: items of the worker, and both sides' state at a BHI interrupt. */
const UNPROBED = TOLD_BY.filter(([kind]) => kind === "worker" || kind === "intvec").map(
  ([, format]) => `module ${MODULE} format "${format}"`,
);
const ALL = [`module ${MODULE}`];

export const MESSAGE_EVENT = "printk/console";
/** For the event's filter: lines with a controller or one of its channels, up to 5.9 with its PCI address. */
export const MESSAGE_FILTER = 'msg ~ "*mhi[0-9]*" || msg ~ "mhi [0-9]*"';

/** Only mounted debugfs has it before 5.10. */
const FIND_CONTROL =
  "c=; for f in /proc/dynamic_debug/control /sys/kernel/debug/dynamic_debug/control; do [ ! -e $f ] || { c=$f; break; }; done";

export class DebugMessages {
  readonly #shell: () => TraceShell;
  readonly #queries: readonly string[];
  /** `file:line` of the module's messages that were on before us. */
  #wereOn: readonly string[] | undefined;
  #kinds: readonly SeenKind[] = [];

  /** @param shell - asked each time: the connection may be replaced meanwhile. */
  constructor(shell: () => TraceShell, which: "all" | "unprobed") {
    this.#shell = shell;
    this.#queries = which === "all" ? ALL : UNPROBED;
  }

  /** Kinds of events that this kernel's driver has messages for; known once they are on. */
  get kinds(): readonly SeenKind[] {
    return this.#kinds;
  }

  /** Also after the module was loaded anew, which forgets. @returns why it cannot be, in a clause; undefined if it is done. */
  async switchOn(): Promise<string | undefined> {
    const shell = this.#shell();
    if (this.#wereOn === undefined) {
      const before = await shell.exec(`${FIND_CONTROL}; [ -n "$c" ] && grep '\\[${MODULE}\\]' $c`, {
        timeoutMs: 30_000,
      });
      if (before.stdout.trim() === "") {
        return "the kernel has no dynamic debug for the driver (CONFIG_DYNAMIC_DEBUG, and debugfs mounted)";
      }
      this.#wereOn = switchedOn(before.stdout);
      this.#kinds = TOLD_BY.filter(([, format]) => before.stdout.includes(format)).map(([kind]) => kind);
    }
    const result = await shell.exec(`${FIND_CONTROL}; ${this.#control("+p")}`);
    return result.exitCode === 0 ? undefined : `dynamic debug refuses: ${result.stderr.trim().slice(-200)}`;
  }

  /** As it was before us. Never throws. */
  async restore(): Promise<void> {
    if (this.#wereOn === undefined) return;
    const again = this.#wereOn.map((place) => {
      const [file = "", line = ""] = place.split(":");
      return `echo 'file ${file} line ${line} +p' > $c`;
    });
    const command = [FIND_CONTROL, this.#control("-p"), ...again].join("; ");
    await this.#shell()
      .exec(command)
      .catch(() => undefined);
  }

  #control(flag: "+p" | "-p"): string {
    // One that matches no message is no fault: the driver of that kernel does not say it.
    return this.#queries.map((query) => `echo '${query} ${flag}' > $c`).join(" && ");
  }
}

/** `drivers/bus/mhi/host/pm.c:591 [mhi]mhi_pm_st_worker =p "..."` lines of messages that are printed -> `file:line`. */
export const switchedOn = (control: string): string[] =>
  [...control.matchAll(/^(\S+:\d+) \[\S+\]\S+ =[a-z]*p[a-z]* /gm)].map(([, place = ""]) => place);

/**
 * Does a debug message come into the trace at all? Before 5.19 printk:console told of what a console printed, and consoles
 * leave debug messages out. One is written to the log and looked for, in an instance of its own.
 */
export async function messagesReachTrace(shell: TraceShell, { root, instance }: TracefsPlace): Promise<boolean> {
  const token = "mhi-hil: a debug message for the trace";
  const trial = `${root}/instances/${instance}-trial`;
  const steps = [
    `[ -e ${root}/events/${MESSAGE_EVENT}/enable ] || exit 1`,
    `mkdir ${trial} || exit 1`,
    `echo 1 > ${trial}/events/${MESSAGE_EVENT}/enable`,
    `echo '<7>${token}' > /dev/kmsg`,
    `grep -q '${token}' ${trial}/trace; r=$?`,
    `rmdir ${trial}; exit $r`,
  ];
  return (await shell.exec(steps.join("\n"), { timeoutMs: 30_000 })).exitCode === 0;
}
