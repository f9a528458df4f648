/** Options of `npm run bench:trace`. */
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { describeError, UsageError } from "../../harness/base/errors.ts";

export const USAGE = `usage: npm run bench:trace -- [options]

How fast recordings are decoded, against trace-cmd, against C over libtracecmd and against a floor, on the same files.
Large inputs are made of the real recordings in test/data/trace and removed at the end.

  --size MB     of the trace.dat that the ratios are taken on (default 256; below that the start of node counts most)
  --runs N      rounds; every round runs each program once, the median counts (default 3)
  --full        a trace.dat of 2 GB too: memory and speed
  --peers no    without trace-cmd and C: what needs no other package than node
  --dir DIR     where the inputs are made (default ${tmpdir()}): 5 times the size, and 5 GB more for --full
  --json        figures as JSON
  --help        this text
`;

export interface BenchOptions {
  readonly sizeMb: number;
  readonly runs: number;
  readonly full: boolean;
  readonly peers: boolean;
  readonly dir: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws UsageError `bad-option` */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = parsed(args);
  if (values.peers !== "yes" && values.peers !== "no") throw bad(`--peers is "yes" or "no", not "${values.peers}"`);
  return {
    sizeMb: positive("--size", values.size, 1, 16_384),
    runs: positive("--runs", values.runs, 1, 1000),
    full: values.full,
    peers: values.peers === "yes",
    dir: values.dir,
    json: values.json,
    help: values.help,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        size: { type: "string", default: "256" },
        runs: { type: "string", default: "3" },
        full: { type: "boolean", default: false },
        peers: { type: "string", default: "yes" },
        dir: { type: "string", default: tmpdir() },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw bad(describeError(error));
  }
}

function positive(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw bad(`${name} is a whole number from ${least} to ${most}, not "${text}"`);
}

const bad = (what: string): UsageError => new UsageError("bad-option", `${what}; see npm run bench:trace -- --help`);
