/** Damage as data: a list of steps made from a seed, which can be kept and done again. Offsets wrap into the file. */
import type { FuzzInput } from "./inputs.ts";

export type Step =
  | readonly ["truncate", at: number]
  | readonly ["flip", at: number, bit: number]
  | readonly ["byte", at: number, value: number]
  /** A little-endian word of 2, 4 or 8 bytes; 8 in two halves of the same value. */
  | readonly ["word", at: number, bytes: 2 | 4 | 8, value: number]
  | readonly ["remove", at: number, length: number]
  | readonly ["repeat", at: number, length: number, times: number]
  | readonly ["zeros", at: number, length: number]
  /** Bytes made from a seed. */
  | readonly ["noise", at: number, length: number, seed: number]
  | readonly ["insert", at: number, hex: string]
  /** A part of the file over another part of it. */
  | readonly ["copy", from: number, length: number, to: number]
  /** Lines, counted from 0. */
  | readonly ["line-remove", line: number]
  | readonly ["line-swap", line: number, other: number]
  | readonly ["line-wrap", line: number, column: number];

export interface Damage {
  readonly input: string;
  /** File of a folder that it is done to. */
  readonly file: string;
  readonly steps: readonly Step[];
}

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Sizes, counts and offsets that parsers trip over. */
const VALUES = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 255, 256, 4080, 4096, 4097, 0x7fff, 0xffff, 0x10000, 0x3fffffff, 0x7fffffff, 0x80000000,
  0xc0000000, 0xfffffff0, 0xffffffff,
];
/** Text that has a meaning somewhere. */
const WORDS = [
  "\n",
  "\n\n",
  "\r\n",
  "\0",
  "%",
  "[",
  "] ",
  ": ",
  "-",
  " ",
  "0x",
  "CPU:1 [LOST 3 EVENTS]\n",
  "# tracer: nop\n",
  "mhi0: ",
  "\u00e9",
  "\ufffd",
  "-1",
  "99999999999999999999",
  "1e309",
  "{",
  "}",
  "(",
  '"',
  "\t",
  "field:",
  "print fmt: ",
  "REC->",
];

type Make = (random: (below: number) => number, size: number) => Step;

const MAKERS: readonly Make[] = [
  (random, size) => ["truncate", random(size + 1)],
  (random, size) => ["flip", random(size), random(8)],
  (random, size) => ["flip", random(size), random(8)],
  (random, size) => ["byte", random(size), random(256)],
  (random, size) => ["word", random(size) & ~3, 4, VALUES[random(VALUES.length)] ?? 0],
  (random, size) => ["word", random(size), ([2, 4, 8] as const)[random(3)] ?? 4, VALUES[random(VALUES.length)] ?? 0],
  (random, size) => ["word", random(size) & ~3, 4, random(2 ** 32)],
  (random, size) => ["remove", random(size), 1 + random(random(2) === 0 ? 8 : 600)],
  (random, size) => ["repeat", random(size), 1 + random(200), 1 + random(random(8) === 0 ? 2000 : 4)],
  (random, size) => ["zeros", random(size), 1 + random(5000)],
  (random, size) => ["noise", random(size), 1 + random(random(2) === 0 ? 16 : 6000), random(2 ** 32)],
  (random, size) => ["insert", random(size + 1), Buffer.from(WORDS[random(WORDS.length)] ?? "").toString("hex")],
  (random, size) => ["copy", random(size), 1 + random(random(2) === 0 ? 64 : 4096), random(size)],
  (random) => ["line-remove", random(200)],
  (random) => ["line-swap", random(60), random(60)],
  (random) => ["line-wrap", random(60), random(120)],
];

const IN_PLACE = new Set(["flip", "byte", "word", "zeros", "noise", "copy"]);
const MAKERS_IN_PLACE = MAKERS.filter((make) => IN_PLACE.has(make(() => 0, 1)[0]));

/** The damage of one case: one to four steps to one file of a recording. */
export function damageOf(input: FuzzInput, seed: number): Damage {
  const random = randomOf(seed);
  const names = [...input.files.keys()];
  const file = names[random(names.length)] ?? "";
  const size = Math.max(1, input.files.get(file)?.length ?? 0);
  const count = 1 + random(random(3) === 0 ? 4 : 1);
  const steps = Array.from({ length: count }, () => (MAKERS[random(MAKERS.length)] as Make)(random, size));
  return { input: input.name, file, steps };
}

/** One to three steps inside one page, most of them where its records are. */
export function pageDamageOf(input: FuzzInput, seed: number): Damage | undefined {
  const random = randomOf(seed);
  const page = input.pages[random(input.pages.length)];
  if (!page) return undefined;
  const bytes = input.files.get(page.file)?.subarray(page.at, page.at + 4096) ?? Buffer.alloc(0);
  const used = Math.min(4096, 16 + (bytes.readUInt32LE(8) & 0xfffff));
  const steps = Array.from({ length: 1 + random(3) }, (): Step => {
    const step = (MAKERS_IN_PLACE[random(MAKERS_IN_PLACE.length)] as Make)(random, random(4) > 0 ? used : 4096);
    const at = step[0] === "copy" ? step[3] : step[1];
    const length = step[0] === "flip" || step[0] === "byte" ? 1 : Number(step[2]);
    return moved(step, page.at + Math.min(at, 4096 - Math.min(4096, length)), Math.min(4096, length));
  });
  return { input: input.name, file: page.file, steps };
}

/** The same, at another place and no longer than this. */
function moved(step: Step, at: number, length: number): Step {
  switch (step[0]) {
    case "zeros":
      return ["zeros", at, length];
    case "noise":
      return ["noise", at, length, step[3]];
    case "word":
      return ["word", at, step[2], step[3]];
    case "byte":
      return ["byte", at, step[2]];
    case "copy":
      return ["copy", step[1], length, at];
    default:
      return ["flip", at, Number(step[2])];
  }
}

/** Small recordings, at every byte of which damage is done in turn. */
const SMALL = new Set([
  "dat6-tiny",
  "dat7-tiny",
  "dat7-zstd-tiny",
  "raw",
  "trace",
  "trace-pipe",
  "report",
  "dmesg",
  "console",
  "trace-gz",
  "trace-zst",
  "trace-xz",
]);

/** Each small recording cut at every byte, and with one bit of every byte flipped. */
export function* everyByte(inputs: readonly FuzzInput[]): Generator<Damage> {
  for (const input of inputs.filter(({ name }) => SMALL.has(name))) {
    for (const [file, bytes] of input.files) {
      for (let at = 0; at < bytes.length; at++) {
        yield { input: input.name, file, steps: [["truncate", at]] };
        yield { input: input.name, file, steps: [["flip", at, at % 8]] };
      }
    }
  }
}

const wrap = (at: number, size: number): number => (size === 0 ? 0 : at % size);

function stepped(bytes: Buffer, step: Step): Buffer {
  const size = bytes.length;
  switch (step[0]) {
    case "truncate":
      return bytes.subarray(0, step[1]);
    case "flip":
      return changed(bytes, step[1], (at) => bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << step[2]), at));
    case "byte":
      return changed(bytes, step[1], (at) => bytes.writeUInt8(step[2], at));
    case "word":
      return changed(bytes, step[1], (at) => {
        for (let i = 0; i < step[2] && at + i < size; i++) bytes[at + i] = (step[3] >>> (8 * (i % 4))) & 0xff;
      });
    case "remove":
      return Buffer.concat([bytes.subarray(0, wrap(step[1], size)), bytes.subarray(wrap(step[1], size) + step[2])]);
    case "repeat": {
      const at = wrap(step[1], size);
      const part = bytes.subarray(at, at + step[2]);
      return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: step[3] }, () => part), bytes.subarray(at)]);
    }
    case "zeros":
      return changed(bytes, step[1], (at) => bytes.fill(0, at, Math.min(size, at + step[2])));
    case "noise": {
      const random = randomOf(step[3]);
      return changed(bytes, step[1], (at) => {
        for (let i = at; i < Math.min(size, at + step[2]); i++) bytes[i] = random(256);
      });
    }
    case "insert": {
      const at = Math.min(step[1], size);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(step[2], "hex"), bytes.subarray(at)]);
    }
    case "copy":
      return changed(bytes, step[3], (to) => bytes.copyWithin(to, wrap(step[1], size), wrap(step[1], size) + step[2]));
    default:
      return lineStep(bytes, step);
  }
}

function changed(bytes: Buffer, at: number, change: (at: number) => void): Buffer {
  if (bytes.length > 0) change(wrap(at, bytes.length));
  return bytes;
}

function lineStep(
  bytes: Buffer,
  step: Step & readonly ["line-remove" | "line-swap" | "line-wrap", ...unknown[]],
): Buffer {
  const lines = bytes.toString("latin1").split("\n");
  const at = wrap(step[1], lines.length);
  const line = lines[at] ?? "";
  if (step[0] === "line-remove") lines.splice(at, 1);
  else if (step[0] === "line-wrap") lines.splice(at, 1, line.slice(0, step[2]), line.slice(step[2]));
  else {
    const other = wrap(step[2], lines.length);
    lines[at] = lines[other] ?? "";
    lines[other] = line;
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

/** The recording's files with the damage done; the input stays as it is. */
export function damaged(input: FuzzInput, damage: Damage): ReadonlyMap<string, Buffer> {
  const files = new Map(input.files);
  let bytes: Buffer = Buffer.from(files.get(damage.file) ?? Buffer.alloc(0));
  for (const step of damage.steps) bytes = Buffer.from(stepped(bytes, step));
  files.set(damage.file, bytes);
  return files;
}
