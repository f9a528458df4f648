import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EventFormat, parseFormat } from "../../harness/trace/format.ts";
import { compilePrint, type PrintStyle, type RecordFields } from "../../harness/trace/print-fmt/print.ts";
import { recordsOf } from "../support/page-records.ts";

const data = (name: string): URL => new URL(`../data/trace/${name}`, import.meta.url);
const textOf = (name: string): string => readFileSync(data(name), "utf8");

function formatsOf(folder: string): Map<number, EventFormat> {
  const names = readdirSync(data(folder)).filter((name) => name.endsWith(".format"));
  const formats = names.map((name) => parseFormat(textOf(`${folder}/${name}`), "mhi_host"));
  return new Map(formats.map((format) => [format.id, format]));
}

const idOf = ({ bytes, at }: RecordFields): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** `event: text` of each mhi_host record of a CPU, in order. */
function printed(folder: string, cpu: number, style: PrintStyle, strings = new Map<string, string>()): string[] {
  const formats = formatsOf(folder);
  return recordsOf(readFileSync(data(`${folder}/cpu${cpu}.bin`))).flatMap((record) => {
    const format = formats.get(idOf(record));
    return format ? [`${format.name}: ${compilePrint(format, { style, strings }).print(record)}`] : [];
  });
}

/** The kernel hashes `%p`, and knows where its constant strings are. */
const masked = (line: string): string =>
  line.replace(/ TRE: 0x\S+ /, " TRE: (pointer) ").replace(/(chan\d+: ).* state/, "$1(reason) state");

/** `event: text` of each line of a CPU. */
function kernelLines(text: string, cpu: number): string[] {
  const line = new RegExp(`^.{16}-\\d+ +\\[00${cpu}\\] +\\S+ +[\\d.]+: (\\w+: .*)$`);
  return text.split("\n").flatMap((one) => line.exec(one)?.[1] ?? []);
}

test.each([0, 1])("cpu%i: what the kernel itself printed of the same records", (cpu) => {
  const text = textOf("linux-6.12-live/trace.txt");
  const lines = kernelLines(text, cpu).map(masked);
  const ours = printed("linux-6.12-live", cpu, "kernel");
  expect(lines.length).toBeGreaterThan(20);
  expect(ours.map((line) => masked(line.trimEnd()))).toEqual(lines);
  expect(ours.every((line) => line.endsWith("\n"))).toBe(true);
});

test.each([0, 1])("cpu%i: what trace-cmd printed of the same records, pointers and all", (cpu) => {
  const line = new RegExp(`^.{16}-\\d+ +\\[00${cpu}\\] +[\\d.]+: (\\w+): +(.*)$`);
  const lines = textOf("linux-6.12-sdx55/trace-cmd-report.txt")
    .split("\n")
    .flatMap((one) => {
      const [, name, text] = line.exec(one) ?? [];
      return name === undefined ? [] : [`${name}: ${text}`];
    });
  expect(lines.length).toBeGreaterThan(60);
  expect(printed("linux-6.12-sdx55/raw", cpu, "trace-cmd")).toEqual(lines);
});

test("a constant string of the kernel is resolved where printk_formats lists it", () => {
  const strings = new Map([["0xffffffffc038c8a5", "Updating"]]);
  const lines = printed("linux-6.12-sdx55/raw", 1, "kernel", strings);
  expect(lines).toContain("mhi_channel_command_start: mhi0: chan20: Updating state to: START\n");
  const bare = printed("linux-6.12-sdx55/raw", 1, "kernel");
  expect(bare).toContain("mhi_channel_command_start: mhi0: chan20: <string at 0xffffffffc038c8a5> state to: START\n");
});

interface Sample {
  readonly system: string;
  readonly text: string;
  /** Records with invented contents, and what trace-cmd 3.1.6 makes of them. */
  readonly records: readonly { readonly hex: string; readonly text: string }[];
}
/** 46 formats of a 6.18 kernel, chosen for what their print fmts ask for. */
const samples = JSON.parse(textOf("formats-6.18/formats.json")) as readonly Sample[];

const recordOf = (hex: string): RecordFields => {
  const bytes = Buffer.from(hex, "hex");
  return { bytes, at: 0, length: bytes.length };
};

test("events of all kinds: the text that trace-cmd prints of the same bytes", () => {
  let compared = 0;
  for (const { system, text, records } of samples) {
    const { print } = compilePrint(parseFormat(text, system), { style: "trace-cmd" });
    for (const { hex, text: expected } of records) {
      expect(print(recordOf(hex)).trim()).toBe(expected);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(55);
});

test("what a real kernel's formats ask for and a recording cannot tell is a problem, the rest has none", () => {
  const problems = samples.flatMap(({ system, text }) => {
    const format = parseFormat(text, system);
    const { problem } = compilePrint(format, { style: "kernel" });
    return problem === undefined ? [] : [`${format.name}: ${problem}`];
  });
  const numbers = (count: number, words: string): string =>
    `the format does not tell the numbers of ${count} words (${words})`;
  expect(problems).toEqual([
    "mc_event: only the kernel knows mc_event_error_type()",
    "mm_page_alloc: the format does not tell the value of vmemmap_base",
    `block_rq_issue: ${numbers(5, "none, rt")}`,
    `tcp_retransmit_skb: ${numbers(12, "TCP_ESTABLISHED, TCP_SYN_SENT")}`,
    "jbd2_run_stats: only the kernel knows jiffies_to_msecs()",
    `writeback_dirty_inode: ${numbers(18, "I_DIRTY_SYNC, I_DIRTY_DATASYNC")}`,
    "kvm_mmu_get_page: a statement that only the kernel can run, at character 68",
    `dax_pmd_fault: ${numbers(11, "WRITE, MKWRITE")}; ${numbers(13, "OOM, SIGBUS")}`,
  ]);
});

/** u32 a, s32 b, u64 c, s8 d, u8 arr[4], u16 words[3], void * ptr, const char * str, __data_loc char[] name, u8[] blob. */
const HEAD = `name: sample
ID: 42
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:u32 a;	offset:8;	size:4;	signed:0;
	field:int b;	offset:12;	size:4;	signed:1;
	field:u64 c;	offset:16;	size:8;	signed:0;
	field:s8 d;	offset:24;	size:1;	signed:1;
	field:u8 arr[4];	offset:25;	size:4;	signed:0;
	field:u16 words[3];	offset:30;	size:6;	signed:0;
	field:void * ptr;	offset:40;	size:8;	signed:0;
	field:const char * str;	offset:48;	size:8;	signed:0;
	field:__data_loc char[] name;	offset:56;	size:4;	signed:0;
	field:__rel_loc u8[] blob;	offset:60;	size:4;	signed:0;
	field:char comm[8];	offset:64;	size:8;	signed:0;
	field:u8 in6[16];	offset:72;	size:16;	signed:0;
	field:__data_loc cpumask_t cpus;	offset:88;	size:4;	signed:0;
	field:__data_loc __u8[] addr;	offset:92;	size:4;	signed:0;

`;

function sampleRecord(): RecordFields {
  // One byte of another record before and after: what reads outside of its record shows.
  const bytes = Buffer.alloc(200, 0x5a);
  const record = bytes.subarray(1, 149).fill(0);
  record.writeUInt32LE(0xdeadbeef, 8);
  record.writeInt32LE(-3, 12);
  record.writeBigUInt64LE(0x123456789abcdef0n, 16);
  record.writeInt8(-2, 24);
  record.set([0xde, 0xad, 0xbe, 0xef], 25);
  for (const [i, word] of [1, 0x203, 0xffff].entries()) record.writeUInt16LE(word, 30 + 2 * i);
  record.writeBigUInt64LE(0xffff888012345678n, 40);
  record.writeBigUInt64LE(0xffffffff81234560n, 48);
  record.writeUInt32LE((5 << 16) | 96, 56);
  record.writeUInt32LE((6 << 16) | (104 - 64), 60);
  record.write("comm", 64);
  record.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 72);
  record.writeUInt32LE((8 << 16) | 112, 88);
  record.writeUInt32LE((28 << 16) | 120, 92);
  record.write("mhi0", 96);
  record.set([1, 2, 3, 0x41, 0x42, 0xff], 104);
  record.set([0b1110_0001, 0, 0, 0, 1, 0, 0, 0], 112);
  record.set([10, 0, 0x1f, 0x90, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 120);
  return { bytes, at: 1, length: 148 };
}

const STRINGS = new Map([["0xffffffff81234560", "Updated"]]);

const shown = (print: string, style: PrintStyle = "kernel", record = sampleRecord()): string =>
  compilePrint(parseFormat(`${HEAD}print fmt: ${print}\n`, "test"), { style, strings: STRINGS }).print(record);

test.each([
  // conversions
  [
    '"%d %u %x %X %o %#x %#o", REC->b, REC->a, REC->a, REC->a, REC->d, REC->a, 8',
    "-3 3735928559 deadbeef DEADBEEF 37777777776 0xdeadbeef 010",
  ],
  ['"%5d|%-5d|%05d|%+d|% d|%.4d|%8.3d", 42, 42, 42, 42, 42, 42, 42', "   42|42   |00042|+42| 42|0042|     042"],
  ['"%hhd %hd %hhu %hx", 0x1ff, 0x18000, REC->b, REC->b', "-1 -32768 253 fffd"],
  [
    '"%llx %lx %llu %lld %zu", REC->c, REC->c, REC->c, REC->c, REC->c',
    "123456789abcdef0 123456789abcdef0 1311768467463790320 1311768467463790320 1311768467463790320",
  ],
  ['"%x %d", REC->c, REC->c', "9abcdef0 -1698898192"], // the argument's low half, as C takes it
  ['"%016llx %#018llx %-20llxE", REC->c, REC->c, REC->c', "123456789abcdef0 0x123456789abcdef0 123456789abcdef0    E"],
  ['"%*d|%-*d|%.*s", 5, 1, 5, 2, 2, "abcdef"', "    1|2    |ab"],
  ['"%s|%6s|%-6s|%.2s|%%|%c%c", "ab", "ab", "ab", "abcd", 65, \'B\'', "ab|    ab|ab    |ab|%|AB"],
  ['"%#x", 0', "0x0"],
  // operators, with C's types
  ['"%d %d %d", 7 / -2, 7 % -2, -7 / 2', "-3 1 -3"],
  ['"%u %d", 0 - 1, 0U - 1 > 0', "4294967295 1"],
  ['"%d %d", REC->b < 0, REC->b < 0U', "1 0"],
  ['"%llx %x", REC->c >> 4, REC->a << 4', "123456789abcdef eadbeef0"],
  ['"%d %d", REC->d >> 1, (u8)REC->d >> 1', "-1 127"],
  ['"%d", 1 + 2 * 3 << 1 & 0xf | 16 ^ 1', "31"],
  ['"%d %d %d", 1 && 0 || 2, !REC->b, ~0', "1 0 -1"],
  ['"%lu", ~0UL', "18446744073709551615"],
  ['"%llu", (u64)REC->a * REC->a', "13957162197951816481"],
  ['"%u", REC->a * REC->a', "560833313"],
  ['"%s", REC->a > 5 ? "big" : "small"', "big"],
  ['"%s", REC->ptr ?: "none"', "<string at 0xffff888012345678>"],
  ['"%d", REC->b ?: 7', "-3"],
  ['"%d %d", (int)sizeof(u64), (int)sizeof(void *)', "8 8"],
  ['"%d", ({ int x = (REC->b); int y = (10); ((x) < (y) ? (x) : (y)); })', "-3"],
  ['"%d", __builtin_expect(!!(REC->a), 0)', "1"],
  // arrays and pointers into the record
  ['"%x %x %d", REC->arr[0], REC->words[1], REC->words[2]', "de 203 65535"],
  ['"%c %d", __get_str(name)[1], __get_dynamic_array_len(blob)', "h 6"],
  ['"%x", *(u16 *)__get_rel_dynamic_array(blob)', "201"],
  ['"%x %x", ((u8 *)__get_rel_dynamic_array(blob))[3], *((u8 *)__get_rel_dynamic_array(blob) + 1)', "41 2"],
  ['"%x", *(u32 *)&REC->arr', "efbeadde"],
  ['"%s %s %s", __get_str(name), REC->comm, REC->str', "mhi0 comm Updated"],
  // the trace headers' own
  [
    '"%s %s", __print_symbolic(REC->b, { -3, "minus" }, { 1, "one" }), __print_symbolic(REC->b, { 1, "one" })',
    "minus 0xfffffffffffffffd",
  ],
  ['"%s", __print_flags(5, "|", { 1, "A" }, { 2, "B" })', "A|0x4"],
  ['"[%s] %s", __print_flags(0, "|", { 1, "A" }), __print_flags(6, "", { 6, "AB" }, { 2, "B" })', "[] AB"],
  ['"%s %s", __print_hex(REC->arr, 4), __print_hex_str(REC->arr, 2)', "de ad be ef dead"],
  ['"%s", __print_array(REC->words, 3, 2)', "{0x1,0x203,0xffff}"],
  ['"%s", __print_dynamic_array(blob, 2)', "{0x201,0x4103,0xff42}"],
  [
    '"%s", __print_hex_dump("x: ", 2, 16, 1, __get_rel_dynamic_array(blob), 6, 1)',
    "\nx: 00000000: 01 02 03 41 42 ff                                ...AB.\n",
  ],
  ['"%s", __print_hex_dump("", 0, 16, 2, REC->arr, 4, 0)', "\nadde efbe\n"],
  ['"%llu.%06u", __print_ns_to_secs(5000001234ULL), __print_ns_without_secs(5000001234ULL) / 1000', "5.000001"],
  ['"%s", __get_cpumask(cpus)', "00000001,000000e1"],
  ['"%s", __get_sockaddr(addr)', "[fe80::5]:8080"],
  // pointers
  [
    '"%p %px %pS %pK", REC->ptr, REC->ptr, REC->ptr, 0',
    "ffff888012345678 ffff888012345678 0xffff888012345678 0000000000000000",
  ],
  [
    '"%pI6c %pI6 %pI4 %pi4 %pI4h", REC->in6, REC->in6, REC->arr, REC->arr, REC->arr',
    "2001:db8::1 2001:0db8:0000:0000:0000:0000:0000:0001 222.173.190.239 222.173.190.239 239.190.173.222",
  ],
  [
    '"%pM %pMF %pm %pMR", REC->in6, REC->in6, REC->in6, REC->in6',
    "20:01:0d:b8:00:00 20-01-0d-b8-00-00 20010db80000 00:00:b8:0d:01:20",
  ],
  ['"%pUb %pUL", REC->in6, REC->in6', "20010db8-0000-0000-0000-000000000001 B80D0120-0000-0000-0000-000000000001"],
  ['"%*ph %*phC %*phN", 4, REC->arr, 3, REC->arr, 2, REC->arr', "de ad be ef de:ad:be dead"],
  ['"%*pbl %*pb", 32, __get_dynamic_array(cpus), 12, __get_dynamic_array(cpus)', "0,5-7 0e1"],
  ['"%pISpc", __get_dynamic_array(addr)', "[fe80::5]:8080"],
  ['"%x %x", ntohs(0x1234), be32_to_cpu(REC->a)', "3412 efbeadde"],
])("%s", (print, expected) => {
  expect(shown(print)).toBe(expected);
});

test.each([
  ['"0x%p %p", REC->ptr, 0', "0x0xffff888012345678 (nil)"],
  ['"%s", __print_symbolic(REC->b, { 1, "one" })', "0xfffffffd"],
  ['"%s", __get_cpumask(cpus)', "0,5-7,32"],
  ['"%s", (const char *)REC->ptr', "ffff888012345678"],
  ['"line\n"', "line"],
])("as trace-cmd: %s", (print, expected) => {
  expect(shown(print, "trace-cmd")).toBe(expected);
});

test.each([
  ['"a %d %d b", jiffies, REC->b', "a <the format does not tell the value of jiffies> -3 b"],
  ['"%s %d", jiffies_to_msecs(REC->b), 1', "<jiffies_to_msecs(-3), which only the kernel knows> 1"],
  ['"%d %d", REC->nope, 1', "<the event has no field nope> 1"],
  ['"%d %d", 1 / (REC->a - REC->a), 1', "<division by zero> 1"],
  ['"%x", REC->arr[4]', "<element 4 is outside its array>"],
  ['"%x", REC->arr[-1]', "<element -1 is outside its array>"],
  ['"%x %x", REC->c.low, 2', "<member access at character 15> 2"],
  ['"%s", __print_hex(REC->arr, 5)', "<5 bytes asked for, 4 are there>"],
  ['"%s", __get_str(a)', "<the event has no dynamic field a>"],
  ['"%pd", REC->ptr', "<%pd of 0xffff888012345678, which the record does not hold>"],
  ['"%s", __print_array(REC->arr, 4, 3)', "<an array of elements of 3 bytes>"],
])("what has no value says why: %s", (print, expected) => {
  expect(shown(print)).toBe(expected);
});

test("a record that is cut says what is missing and shows the rest", () => {
  const whole = sampleRecord();
  const cut = (length: number): RecordFields => ({ ...whole, length });
  expect(shown('"%x %d %s", REC->a, REC->b, __get_str(name)', "kernel", cut(12))).toBe(
    "deadbeef <b is outside the record of 12 bytes> <name is outside the record of 12 bytes>",
  );
  expect(shown('"%s", __get_str(name)', "kernel", cut(98))).toBe("<name points outside the record of 98 bytes>");
  // The record's words promise more than the page holds.
  expect(shown('"%s", REC->comm', "kernel", { bytes: whole.bytes.subarray(0, 66), at: 1, length: 148 })).toBe(
    "<comm is outside the record of 148 bytes>",
  );
});

test.each([
  ["brackets", `"%d", ${"(".repeat(5000)}1${")".repeat(5000)}`, /nested deeper/],
  ["minus signs", `"%d", ${"-".repeat(5000).replaceAll("--", "- -")}1`, /nested deeper/],
  ["a chain", `"%d", 1${" + 1".repeat(20_000)}`, /nested deeper/],
  ["choices", `"%d", ${"REC->a ?: ".repeat(5000)}1`, /nested deeper/],
  ["indices", `"%d", ${"REC->arr[".repeat(150)}0${"]".repeat(150)}`, /^<element 222 is outside its array>$/],
  ["a wide field", '"%2000000000d", 1', /^ +1$/],
  ["a wide star", '"%*d|%.*d", 2000000000, 1, 2000000000, 1', /^ +1\|0+1$/],
  ["tokens", `"%d", 1${",1".repeat(200_000)}`, /tokens/],
])("hostile: %s", (_, print, expected) => {
  const started = performance.now();
  const text = shown(print);
  expect(text).toMatch(expected);
  expect(text.length).toBeLessThan(10_000);
  expect(performance.now() - started).toBeLessThan(1000);
});

test("locals that double each other cost no more than their number", () => {
  const locals = Array.from({ length: 60 }, (_, i) => `u64 x${i + 1} = x${i} + x${i};`).join(" ");
  expect(shown(`"%llu", ({ u64 x0 = REC->d; ${locals} x60; })`)).toBe(String(BigInt.asUintN(64, -2n << 60n)));
});

test("any record of any format prints, and within its bytes", () => {
  const printers = samples.map(
    ({ system, text }) => compilePrint(parseFormat(text, system), { style: "kernel" }).print,
  );
  fc.assert(
    fc.property(fc.nat(printers.length - 1), fc.uint8Array({ maxLength: 300 }), fc.nat(40), (which, bytes, at) => {
      const text = printers[which]?.({ bytes, at, length: Math.max(0, bytes.length - at) });
      expect(text?.length).toBeLessThan(20_000);
    }),
    { numRuns: 3000 },
  );
});

test("any text after print fmt: refused with one sentence, or compiled into something that prints", () => {
  const words = [
    "REC->a",
    "REC->arr",
    "(",
    ")",
    "{",
    "}",
    ",",
    '"%s"',
    '"%d"',
    "1",
    "?",
    ":",
    "__print_flags",
    "->",
    "*",
    "&",
    "sizeof",
    "u32",
    "[",
    "]",
    "'",
    '"',
    "\\",
    "({",
    "})",
    ";",
    "=",
  ];
  const source = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 30 });
  fc.assert(
    fc.property(source, (parts) => {
      const text = `${HEAD}print fmt: "%d %s %x", ${parts.join(" ")}`;
      let format: EventFormat;
      try {
        format = parseFormat(text, "test");
      } catch (error) {
        expect(error).toMatchObject({ code: "trace-format" });
        return;
      }
      expect(typeof compilePrint(format, { style: "kernel" }).print(sampleRecord())).toBe("string");
      expect(format.meaning).toHaveLength(16);
    }),
    { numRuns: 5000 },
  );
});
