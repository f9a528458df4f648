/**
 * What is said to the host's tracefs, in POSIX sh that busybox understands, and what comes back.
 * Source: Documentation/trace/ftrace.rst.
 */
import { RigFault } from "../base/errors.ts";
import { type EventFormat, parseFormat, parsePrintkFormats } from "./format.ts";
import { type PageLayout, parseHeaderPage } from "./ring/layout.ts";
import type { TraceShell } from "./trace-shell.ts";

export interface TracefsPlace {
  /** Mount point. */
  readonly root: string;
  /** Name of our own instance: own buffers, clock and switches; others' tracing is left alone. */
  readonly instance: string;
}

export interface ArmOptions extends TracefsPlace {
  readonly bufferKib: number;
  /** `system` or `system/event`; the first one must exist, the others are taken where the kernel has them. */
  readonly events: readonly string[];
  /** Filter by event. */
  readonly filters?: ReadonlyMap<string, string>;
}

/** What the host told when the events were (re)armed. */
export interface ArmedTrace {
  readonly bootId: string;
  readonly kernel: string;
  readonly cpus: readonly number[];
  /** The first event was on already: its module has not been loaded anew. */
  readonly enabled: boolean;
  readonly layout: PageLayout;
  readonly formats: readonly EventFormat[];
  readonly strings: ReadonlyMap<string, string>;
  /** The files as they were, name -> text, for the evidence. */
  readonly files: ReadonlyMap<string, string>;
}

const CPUS = "@cpus";
const EXIT_NO_TRACEFS = 71;
const EXIT_NO_EVENTS = 72;
const EXIT_BUSY = 73;
const EXIT_NO_INSTANCE = 74;

const SAFE_PATH = /^[\w./-]+$/;

const prelude = (place: TracefsPlace): string => {
  if (!SAFE_PATH.test(place.root) || !/^[\w-]+$/.test(place.instance)) {
    throw new RigFault("trace-place", `"${place.root}", instance "${place.instance}" is no place for a trace instance`);
  }
  return `T=${place.root}; I=$T/instances/${place.instance}`;
};

/** A reader whose connection died may still hang in read() and would take pages away from us. */
const killReaders = (place: TracefsPlace): string =>
  `ls -l /proc/[0-9]*/fd/0 2>/dev/null | grep '/instances/${place.instance}/per_cpu/cpu[0-9]*/trace_pipe_raw' | while read -r line; do p="\${line#*/proc/}"; kill -9 "\${p%%/*}"; done`;

const create = (options: ArmOptions): string[] => [
  `[ -e $T/trace ] || mount -t tracefs nodev $T 2>/dev/null; [ -e $T/trace ] || exit ${EXIT_NO_TRACEFS}`,
  killReaders(options),
  "n=0; while [ -d $I ] && ! rmdir $I 2>/dev/null && [ $n -lt 20 ]; do n=$((n+1)); sleep 0.1; done",
  `mkdir $I 2>/dev/null || exit ${EXIT_BUSY}`,
  "echo boot > $I/trace_clock",
  "echo 1 > $I/options/overwrite",
  `k=${Math.floor(options.bufferKib)}; while ! echo $k > $I/buffer_size_kb 2>/dev/null && [ $k -gt 256 ]; do k=$((k/2)); done`,
];

const show = (options: ArmOptions): string[] => {
  const formats = options.events.map((name) => `$I/events/${name}${name.includes("/") ? "" : "/*"}/format`);
  const files = [
    `$I/events/${options.events[0]}/enable`,
    "$T/events/ftrace/print/format",
    "$T/events/header_page",
    "$T/events/header_event",
    "$T/printk_formats",
    "/proc/sys/kernel/random/boot_id",
    "/proc/sys/kernel/osrelease",
  ];
  // One process for all the files: a fork is dear on an emulated host.
  return [
    `[ -d $I/events ] || exit ${EXIT_NO_INSTANCE}`,
    `[ -d $I/events/${options.events[0]} ] || exit ${EXIT_NO_EVENTS}`,
    `grep -H '' ${[...formats, ...files].join(" ")} 2>/dev/null`,
    `cd $I/per_cpu && echo ${CPUS}: cpu*`,
  ];
};

/** Makes the instance anew and reads the formats; nothing is switched on. */
export const createCommand = (options: ArmOptions): string =>
  [prelude(options), ...create(options), ...show(options)].join("\n");

/** Reads the formats of the instance that is there. */
export const showCommand = (options: ArmOptions): string => [prelude(options), ...show(options)].join("\n");

export const enableCommand = (options: ArmOptions): string =>
  [
    prelude(options),
    ...[...(options.filters ?? [])].map(
      ([name, filter]) => `[ ! -e $I/events/${name} ] || echo '${filter}' > $I/events/${name}/filter`,
    ),
    ...options.events.slice(1).map((name) => `[ ! -e $I/events/${name}/enable ] || echo 1 > $I/events/${name}/enable`),
    `echo 1 > $I/events/${options.events[0]}/enable && echo 1 > $I/tracing_on`,
  ].join("\n");

/**
 * Blocks in read() until there is a record, then gives whole pages; a page may hold little.
 *
 * The file must land on descriptor 0 at once: kernels since 6.9 take any close() of the open file, even that after a
 * dup2() as shells and dd do for a redirection, for the reader's end, and read() then gives 0 when the buffer is empty
 * (tracing_buffers_flush).
 *
 * The end of the file is not the end: read() also gives 0 when a record is written between its look at the empty buffer and
 * its second look (tracing_buffers_read), which a flood does within seconds. A reader that was killed or fails stays down.
 */
export const readerCommand = (place: TracefsPlace, cpu: number, pageBytes: number): string =>
  `exec <&- 2>/dev/null; while dd bs=${pageBytes} if=${place.root}/instances/${place.instance}/per_cpu/cpu${cpu}/trace_pipe_raw || exit; do :; done`;

export const killReadersCommand = (place: TracefsPlace): string =>
  `${killReaders(place)}; cat /proc/sys/kernel/random/boot_id; [ -d ${place.root}/instances/${place.instance} ] && echo there`;

export const removeCommand = (place: TracefsPlace): string =>
  [
    prelude(place),
    "[ -d $I ] || exit 0",
    "echo 0 > $I/tracing_on",
    killReaders(place),
    "n=0; while [ -d $I ] && ! rmdir $I 2>/dev/null && [ $n -lt 20 ]; do n=$((n+1)); sleep 0.1; done",
  ].join("\n");

/** @param text - one line; it is not trusted and stays one word for the shell. */
export const markCommand = (place: TracefsPlace, text: string): string =>
  `printf %s '${text.replaceAll("'", "'\\''")}' > ${place.root}/instances/${place.instance}/trace_marker`;

/** The kernel cuts longer markers (TRACE_BUF_SIZE, 1024 with its header), and a second line would be a second thing. */
export const markerText = (text: string): string =>
  text
    .replace(/[\u0000-\u001f\u007f]+/g, " ")
    .slice(0, 300)
    .trim();

/** One process for all CPUs: a fork is dear on an emulated host. */
export const statsCommand = (place: TracefsPlace): string =>
  `cd ${place.root}/instances/${place.instance}/per_cpu && grep -H . cpu*/stats ${place.root}/kprobe_profile 2>/dev/null`;

export interface CpuStats {
  readonly cpu: number;
  /** Records in the buffer, not read yet. */
  readonly entries: number;
  readonly read: number;
  readonly overrun: number;
  readonly dropped: number;
  readonly nowNs: number;
}

/** @throws RigFault `trace-stats` when the counters are not there. */
export function parseStats(text: string): CpuStats[] {
  const values = new Map<number, Map<string, number>>();
  for (const [, cpu = "", key = "", value = ""] of text.matchAll(/^cpu(\d+)\/stats:([a-z ]+):\s*([\d.]+)$/gm)) {
    const own = values.get(Number(cpu)) ?? new Map<string, number>();
    values.set(Number(cpu), own.set(key, Number(value)));
  }
  const all = [...values].map(([cpu, own]) => {
    const get = (key: string): number => own.get(key) ?? Number.NaN;
    const dropped = get("dropped events") + get("commit overrun");
    const nowNs = Math.round(get("now ts") * 1e6) * 1000;
    return { cpu, entries: get("entries"), read: get("read events"), overrun: get("overrun"), dropped, nowNs };
  });
  const broken = all.length === 0 || all.some((stats) => Object.values(stats).some(Number.isNaN));
  if (broken)
    throw new RigFault("trace-stats", `per_cpu/cpu*/stats holds not what is expected: "${text.slice(0, 200)}"`);
  return all;
}

/** Runs an arming command and reads its answer. @throws RigFault in one clear sentence. */
export async function readArmed(shell: TraceShell, command: string, options: ArmOptions): Promise<ArmedTrace> {
  const result = await shell.exec(command, { timeoutMs: 30_000 });
  if (result.exitCode !== 0) throw await armFault(shell, result.exitCode, result.stderr, options);
  const files = fileLines(result.stdout);
  const formats: EventFormat[] = [];
  for (const [path, text] of files) {
    const system = /\/events\/(\w+)\/\w+\/format$/.exec(path)?.[1];
    if (system) formats.push(parseFormat(text, system));
  }
  const file = (end: string): string => [...files].find(([path]) => path.endsWith(end))?.[1] ?? "";
  return {
    bootId: file("boot_id").trim(),
    kernel: file("/osrelease").trim(),
    cpus: [...file(CPUS).matchAll(/cpu(\d+)/g)].map(([, cpu]) => Number(cpu)),
    enabled: file("/enable").trim() === "1",
    layout: parseHeaderPage(file("header_page")),
    formats,
    strings: parsePrintkFormats(file("printk_formats")),
    files,
  };
}

/** `path:line` of grep -> text by path. Our paths hold no colon. */
function fileLines(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, path = "", line = ""] of text.matchAll(/^([/@][^:\n]*):(.*)$/gm)) {
    found.set(path, `${found.get(path) ?? ""}${line}\n`);
  }
  return found;
}

async function armFault(shell: TraceShell, exitCode: number, stderr: string, options: ArmOptions): Promise<RigFault> {
  const kernel = (await shell.exec("uname -r")).stdout.trim();
  const place = `${options.root}/instances/${options.instance}`;
  switch (exitCode) {
    case EXIT_NO_TRACEFS:
      return new RigFault(
        "trace-no-tracefs",
        `kernel ${kernel}: tracefs cannot be mounted at ${options.root}; is the shell root, is CONFIG_FTRACE on?`,
      );
    case EXIT_NO_EVENTS:
      return new RigFault(
        "trace-no-events",
        `kernel ${kernel} has no ${options.events[0]} trace events: it needs to be 6.9 or later, or to carry the vendor patch, and the mhi module must be loaded`,
        { values: { kernel } },
      );
    case EXIT_BUSY:
      return new RigFault("trace-busy", `${place} is held by another process; end the other collector on this host`);
    case EXIT_NO_INSTANCE:
      return new RigFault("trace-instance-gone", `${place} is gone: somebody removed it while we were collecting`);
    default:
      return new RigFault(
        "trace-arm",
        `${place} cannot be set up on kernel ${kernel}: exit code ${exitCode}, ${stderr.trim().slice(-300) || "no message"}`,
      );
  }
}
