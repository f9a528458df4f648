/**
 * Small good recordings of every form, for tests that spoil them. All but the handwritten texts of other tracers are cut
 * from recordings of real kernels.
 */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { storedZstd } from "../support/stored-zstd.ts";
import { buildTraceDat, type DatContent, DatOptionId, textOption } from "../support/trace-dat-builder.ts";

export interface FuzzInput {
  readonly name: string;
  /** Name -> bytes: one file, or the files of a folder of raw pages. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Bytes of `files` lie one after the other in this order for mutations. */
  readonly folder: boolean;
  /** Where whole pages stand whose damage concerns no other page; none for text and for packed files. */
  readonly pages: readonly PlaceOfPage[];
}

export interface PlaceOfPage {
  readonly file: string;
  readonly at: number;
  /** Its time stamp places the axis of its CPU. */
  readonly first: boolean;
}

const PAGE = 4096;

/** Reads a file of test/data/trace. */
export interface ReadData {
  (name: string): Buffer;
  /** Files of a folder. */
  names(folder: string): string[];
}

/** @param root - of the repository. */
export function dataReader(root: string): ReadData {
  const data = `${root}/test/data/trace`;
  return Object.assign((name: string) => readFileSync(`${data}/${name}`), {
    names: (folder: string) => readdirSync(`${data}/${folder}`),
  });
}

const RAW = "linux-6.12-sdx55/raw";
/** Events of the first records of the pages used here. */
const EVENTS = ["mhi_pm_st_transition", "mhi_tryset_pm_state", "mhi_ctrl_event", "mhi_intvec_states", "mhi_gen_tre"];

/** The first `records` of a page, the rest zeros. */
export function shortPage(pages: Buffer, page: number, records: number): Buffer {
  const short = Buffer.from(pages.subarray(page * PAGE, (page + 1) * PAGE));
  const end = 16 + (short.readUInt32LE(8) & 0xfffff);
  let at = 16;
  for (let taken = 0; at < end && taken < records; taken++) {
    const type = short.readUInt32LE(at) & 31;
    at += type === 0 ? 4 + short.readUInt32LE(at + 4) : type >= 30 ? 8 : 4 + type * 4;
  }
  short.fill(0, at);
  short.writeUInt32LE(at - 16, 8);
  return short;
}

const one = (name: string, bytes: Buffer): FuzzInput => ({
  name,
  folder: false,
  files: new Map([["recording", bytes]]),
  pages: [],
});

interface KnownPage {
  readonly page: Buffer;
  readonly first: boolean;
}

/** With the places of these pages. */
const withPages = (input: FuzzInput, pages: readonly KnownPage[]): FuzzInput => ({
  ...input,
  pages: [...input.files].flatMap(([file, bytes]) =>
    pages.flatMap(({ page, first }) => occurrences(bytes, page).map((at) => ({ file, at, first }))),
  ),
});

function occurrences(bytes: Buffer, part: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) found.push(at);
  return found;
}

const PRINT_FORMAT = `name: print
ID: 5
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:unsigned long ip;	offset:8;	size:8;	signed:0;
	field:char buf[];	offset:16;	size:0;	signed:0;

print fmt: "%ps: %s", (void *)REC->ip, REC->buf
`;

function content(read: ReadData): Omit<DatContent, "version"> {
  const formats = EVENTS.map((name) => ({ system: "mhi_host", text: read(`${RAW}/${name}.format`).toString() }));
  const cpu0 = shortPage(read(`${RAW}/cpu0.bin`), 0, 6);
  const cpu1 = Buffer.concat([shortPage(read(`${RAW}/cpu1.bin`), 0, 9), shortPage(read(`${RAW}/cpu1.bin`), 1, 5)]);
  return {
    headerPage: read(`${RAW}/header_page`).toString(),
    headerEvent: "# compressed entry header\n",
    formats,
    ftraceFormats: [PRINT_FORMAT],
    kallsyms: "0000000000000000 T _text\n",
    printkFormats: '0xffffffff81234560 : "Updating"\n',
    cmdlines: "74 kworker/u9:0\n171 irq/25-bhi\n",
    buffers: [
      {
        name: "",
        cpus: [
          { cpu: 0, pages: cpu0 },
          { cpu: 1, pages: cpu1 },
        ],
      },
      { name: "other", cpus: [{ cpu: 1, pages: cpu0 }] },
    ],
    options: [
      textOption(DatOptionId.TRACECLOCK, "local global [boot] mono"),
      textOption(DatOptionId.UNAME, "Linux host 6.12.117+deb13-amd64 x86_64"),
      textOption(DatOptionId.CPUSTAT, "CPU: 0\nentries: 6\noverrun: 0\ndropped events: 0\n"),
    ],
  };
}

/** Corrections of two CPUs' clocks, a TSC to scale, an offset: what a guest's recording has. */
function guestOptions(): NonNullable<DatContent["options"]> {
  const shift = Buffer.alloc(16 + 2 * (4 + 2 * 24) + 4 * 8);
  let at = shift.writeBigUInt64LE(0x1234n, 0);
  at = shift.writeUInt32LE(1, at);
  at = shift.writeUInt32LE(2, at);
  for (let cpu = 0; cpu < 2; cpu++) {
    at = shift.writeUInt32LE(2, at);
    for (const value of [0n, 6_000_000_000n, 1000n, 2000n, 1n << 8n, 1n << 8n]) at = shift.writeBigUInt64LE(value, at);
  }
  for (let i = 0; i < 4; i++) at = shift.writeBigUInt64LE(8n, at);
  const tsc = Buffer.alloc(8);
  tsc.writeUInt32LE(1 << 10, 0);
  tsc.writeUInt32LE(10, 4);
  return [
    { id: DatOptionId.TIME_SHIFT, data: shift },
    { id: DatOptionId.TSC2NSEC, data: tsc },
    textOption(DatOptionId.OFFSET, "-1000"),
  ];
}

function rawFolder(read: ReadData): FuzzInput {
  const { formats, buffers, cmdlines = "", headerPage } = content(read);
  const files = new Map<string, Buffer>([["header_page", Buffer.from(headerPage)]]);
  for (const [i, { text }] of formats.entries()) files.set(`${EVENTS[i]}.format`, Buffer.from(text));
  for (const { cpu, pages } of buffers[0]?.cpus ?? []) files.set(`cpu${cpu}.bin`, Buffer.from(pages));
  files.set("saved_cmdlines", Buffer.from(cmdlines));
  return { name: "raw", folder: true, files, pages: [] };
}

/** A capture of probes or of the driver's messages, from a kernel without the trace events; its pages shortened. */
function captureFolder(read: ReadData, name: string, data: string): FuzzInput {
  const files = new Map<string, Buffer>();
  for (const file of read.names(data)) {
    const bytes = read(`${data}/${file}`);
    if (/^cpu\d+\.bin$/.test(file)) files.set(file, shortPage(bytes, 0, 24));
    else if (file !== "trace.txt" && file !== "printk_formats") files.set(file, bytes);
  }
  return { name, folder: true, files, pages: [] };
}

/** Whole lines up to `bytes`. */
const head = (text: string, bytes: number): string => text.slice(0, text.lastIndexOf("\n", bytes) + 1);

function texts(read: ReadData): FuzzInput[] {
  const trace = read("linux-6.12-sdx55/trace.txt").toString();
  const lines = trace.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const console01 = read("console/01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind.guest.txt").toString();
  const dmesg = console01.split("\n").filter((line) => /^\[ .*mhi/.test(line));
  const pipe = [...lines.slice(0, 6), "CPU:1 [LOST 17 EVENTS]", ...lines.slice(6, 12)];
  return [
    one("trace", Buffer.from(head(trace, 3000))),
    one("trace-pipe", Buffer.from(`${pipe.join("\n\n")}\n`)),
    one("report", Buffer.from(head(read("linux-6.12-sdx55/trace-cmd-report.txt").toString(), 2500))),
    one("dmesg", Buffer.from(`${dmesg.slice(0, 25).join("\n")}\n`)),
    ...["latency", "report-raw", "report-ts-diff", "fields", "clock-x86-tsc", "tgid", "no-irq-info"].map((name) =>
      one(name, Buffer.from(head(read(`text/${name}.txt`).toString(), 2500))),
    ),
    one("console", Buffer.from(head(console01.slice(console01.indexOf("# tracer") - 400), 3000))),
    one("empty", Buffer.alloc(0)),
    ...Object.entries(OTHER_TRACERS).map(([name, text]) => one(`other-${name}`, Buffer.from(text))),
  ];
}

/** What other tools print: none of it is ours, some of it looks like it. */
const OTHER_TRACERS: Readonly<Record<string, string>> = {
  perf: `perf 12345 [002]  1234.567890:      1 cycles:  ffffffff81001234 do_syscall_64+0x24 ([kernel.kallsyms])
	ffffffff81800087 entry_SYSCALL_64_after_hwframe+0x6f ([kernel.kallsyms])
swapper     0 [001]  1234.567999: sched:sched_switch: prev_comm=swapper/1 prev_pid=0 ==> next_comm=bash next_pid=77
`,
  strace: `1234  12:34:56.789012 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3 <0.000017>
1234  12:34:56.789100 +++ exited with 0 +++
`,
  lttng: `[13:37:00.123456789] (+0.000001234) host sched_switch: { cpu_id = 1 }, { prev_comm = "mhi", prev_tid = 7 }
`,
  functionGraph: `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0)               |  mhi_intvec_handler [mhi]() {
 0)   0.231 us    |    wake_up_process();
 1) ! 120.500 us  |  }
`,
  function: `# tracer: function
#
          <idle>-0       [001] d.h1.    21.005001: mhi_irq_handler <-__handle_irq_event_percpu
     irq/25-bhi-171     [001] .....    21.005010: mhi_intvec_threaded_handler <-irq_thread_fn
`,
  systrace: `<html><body><script class="trace-data" type="application/text">
# tracer: nop
  mhi-1 (-----) [000] ...1 1.000001: tracing_mark_write: B|1|mhi_tryset_pm_state: mhi0: PM state: M0
</script></body></html>
`,
  json: `{"traceEvents":[{"name":"mhi_gen_tre","ph":"i","ts":5893310.899,"pid":74,"tid":74,"args":{"channel":20}}]}
`,
  csv: "time,cpu,event\n5.893,1,mhi_pm_st_transition\n",
  bpftrace: "Attaching 1 probe...\n@[mhi_intvec_threaded_handler]: 12\n",
};

/** A few records of one CPU and two formats: small enough to be spoilt at every byte. */
function tiny(read: ReadData): FuzzInput[] {
  const { formats, headerPage, headerEvent = "", options = [] } = content(read);
  const pages = shortPage(read(`${RAW}/cpu1.bin`), 0, 9);
  const shared = {
    headerPage,
    headerEvent,
    formats: formats.slice(0, 3),
    options,
    buffers: [{ name: "", cpus: [{ cpu: 1, pages }] }],
  };
  return [
    one("dat6-tiny", buildTraceDat({ ...shared, version: 6 })),
    one("dat7-tiny", buildTraceDat({ ...shared, version: 7 })),
    one("dat7-zstd-tiny", buildTraceDat({ ...shared, version: 7, compression: "zstd" })),
  ];
}

/** What gzip and xz make of a text or a trace.dat, and zstd in stored blocks. */
function packed(read: ReadData, dat: Buffer, trace: Buffer): FuzzInput[] {
  return [
    one("trace-gz", gzipSync(trace)),
    one("trace-zst", storedZstd(trace)),
    one("trace-xz", read("fuzz/trace.txt.xz")),
    one("dat7-gz", gzipSync(dat)),
  ];
}

const pagesIn = (pages: Buffer): KnownPage[] =>
  Array.from({ length: pages.length / PAGE }, (_, i) => ({
    page: pages.subarray(i * PAGE, (i + 1) * PAGE),
    first: i === 0,
  }));

/** Everything, by name. */
export function fuzzInputs(read: ReadData): ReadonlyMap<string, FuzzInput> {
  const shared = content(read);
  const dat7 = buildTraceDat({ ...shared, version: 7 });
  const all = texts(read);
  const trace = all.find(({ name }) => name === "trace")?.files.get("recording") ?? Buffer.alloc(0);
  const pages = shared.buffers.flatMap(({ cpus }) => cpus.flatMap((cpu) => pagesIn(Buffer.from(cpu.pages))));
  const distinct = pages.filter(({ page }, i) => pages.findIndex((other) => other.page.equals(page)) === i);
  const inputs = [
    ...all,
    withPages(rawFolder(read), distinct),
    captureFolder(read, "raw-probes", "linux-6.1-kprobe"),
    captureFolder(read, "raw-messages", "linux-6.1-dynamic-debug"),
    ...[
      one("dat6", buildTraceDat({ ...shared, version: 6 })),
      one("dat7", dat7),
      one("dat7-zstd", buildTraceDat({ ...shared, version: 7, compression: "zstd", chunkPages: 1 })),
      one("dat7-guest", buildTraceDat({ ...shared, version: 7, options: guestOptions() })),
      ...tiny(read),
    ].map((input) => withPages(input, distinct)),
    one("dat6-latency", buildTraceDat({ ...shared, version: 6, latencyText: trace.toString() })),
    ...packed(read, dat7, trace),
  ];
  return new Map(inputs.map((input) => [input.name, input]));
}
