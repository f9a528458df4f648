import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseFormat } from "../../harness/trace/format.ts";

const folder = new URL("../data/trace/linux-6.12-sdx55/raw/", import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const gen = textOf("mhi_gen_tre.format");
const pm = textOf("mhi_tryset_pm_state.format");

const withFields = (...lines: string[]): string =>
  `name: x\nID: 1\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n${lines.join("\n")}\n\nprint fmt: "x"\n`;

test.each([
  ["field:unsigned long long x;\toffset:8;\tsize:8;\tsigned:0;", "x", "unsigned long long", 8, false],
  ["field:const char * x;\toffset:8;\tsize:8;\tsigned:0;", "x", "const char *", 8, false],
  ["field:void *x;\toffset:8;\tsize:8;\tsigned:0;", "x", "void *", 8, false],
  ["field:char __user * x;\toffset:8;\tsize:8;", "x", "char __user *", 8, false], // kernels before 2.6.35: no `signed`
  ["field:__data_loc char[] x;\toffset:8;\tsize:4;\tsigned:1;", "x", "__data_loc char[]", 4, true],
  ["field:__rel_loc u8[] x;\toffset:8;\tsize:4;\tsigned:0;", "x", "__rel_loc u8[]", 4, false],
  ["field:__data_loc cpumask_t x;\toffset:8;\tsize:4;\tsigned:0;", "x", "__data_loc cpumask_t", 4, false],
  ["field:char x[];\toffset:16;\tsize:0;\tsigned:0;", "x", "char[]", 0, false],
  ["field:u8 x[16];\toffset:16;\tsize:16;\tsigned:0;", "x", "u8[16]", 16, false],
  ["field:u8 x[ 4 ][2];\toffset:16;\tsize:8;\tsigned:0;", "x", "u8[4 ][2]", 8, false],
  ["field:struct in6_addr x;\toffset:16;\tsize:16;\tsigned:0;", "x", "struct in6_addr", 16, false],
  [
    "field:int (*x)(struct device *, int);\toffset:16;\tsize:8;\tsigned:0;",
    "x",
    "int (*)(struct device *, int)",
    8,
    false,
  ],
])("%s", (line, name, type, size, signed) => {
  expect(parseFormat(withFields(`\t${line}`), "s").fields.get(name)).toMatchObject({ name, type, size, signed });
});

test.each([
  ["\tfield:int x;\toffset:8;\tsi", "field line"],
  ["\tfield:int x;\toffset:8", "field line"],
  ["\tfield:;\toffset:8;\tsize:4;\tsigned:1;", "field line"],
])("a damaged field line is refused: %s", (line, told) => {
  expect(() => parseFormat(withFields(line), "s")).toThrow(told);
});

test("the word tables of a format, casts and shifts and all", () => {
  const text = `${withFields().replace('print fmt: "x"', "")}print fmt: "%s %s %s", __print_symbolic((u8)REC->a, { (1 << 2), "four" }, { -1, "all" }, { 4, "again" }, { SOME_ENUM, "?" }), REC->b ? __print_symbolic(REC->b, { 0x10UL, "x" }) : "none", __print_symbolic(REC->a, { 1, "second table" })`;
  const { symbols } = parseFormat(text.replace("\n\n\n", "\n\n"), "s");
  expect([...(symbols.get("a") ?? [])].sort()).toEqual([
    [-1, "all"],
    [4, "four"],
  ]);
  expect([...(symbols.get("b") ?? [])]).toEqual([[16, "x"]]);
});

test("the fingerprint does not see white space or the ID, and sees all else", () => {
  const { fingerprint } = parseFormat(pm, "mhi_host");
  const of = (text: string): string => parseFormat(text, "mhi_host").fingerprint;
  const same = pm
    .replace(/^ID: .*$/m, "ID: 9")
    .replaceAll("{ ", "{")
    .replaceAll('"M0" }', '"M0"}')
    .replace("state: %s\n", "state: %s\\n");
  expect(same).not.toBe(pm);
  expect(of(same)).toBe(fingerprint);
  for (const [from, to] of [
    ["offset:12", "offset:16"],
    ["int pm_state", "s32 pm_state"],
    ["signed:1;\n\nprint", "signed:0;\n\nprint"],
    ["PM state:", "PM  state:"],
    ['"M0"', '"M9"'],
    ["REC->pm_state", "~REC->pm_state"],
    ["name: mhi_tryset_pm_state", "name: mhi_pm_state"],
  ] as const) {
    expect(pm).toContain(from);
    expect(of(pm.replace(from, to)), to).not.toBe(fingerprint);
  }
});

test("the meaning does not see where and how wide the fields are, and sees names, words and print", () => {
  const { meaning, fingerprint } = parseFormat(gen, "mhi_host");
  const moved = gen.replace("dword0;\toffset:32", "dword0;\toffset:48").replace("uint32_t dword1", "__le32 dword1");
  const swapped = gen.replace(/(\tfield:int ch_num;.*\n)(\tfield:void \* wp;.*\n)/, "$2$1");
  expect(swapped).not.toBe(gen);
  for (const text of [moved, swapped]) {
    expect(parseFormat(text, "mhi_host").meaning).toBe(meaning);
    expect(parseFormat(text, "mhi_host").fingerprint).not.toBe(fingerprint);
  }
  expect(parseFormat(gen.replaceAll("dword1", "dword2"), "mhi_host").meaning).not.toBe(meaning);
  expect(parseFormat(gen.replace("Chan:", "Channel:"), "mhi_host").meaning).not.toBe(meaning);
});

test("every format of the eight, cut at any byte: refused with one sentence that names it", () => {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".format"))) {
    const text = textOf(name).trimEnd();
    for (let length = 0; length < text.length; length++) {
      const cut = text.slice(0, length);
      expect(() => parseFormat(cut, "mhi_host"), `${name} cut at byte ${length}`).toThrow(
        /^format of mhi_host\/\S+: [^\n]+$/,
      );
    }
  }
});

test("a format whose print fmt is odd but whole is not refused", () => {
  const odd = withFields().replace(
    'print fmt: "x"',
    'print fmt: "%s", ({ union u role; role.word = REC->role; role.word; })',
  );
  const { symbols, meaning } = parseFormat(odd, "s");
  expect(symbols.size).toBe(0);
  expect(meaning).toMatch(/^[0-9a-f]{16}$/);
});
