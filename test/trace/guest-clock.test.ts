/**
 * Recordings whose clock is not the axis': a guest's, corrected CPU by CPU (TIME_SHIFT), and the TSC's (TSC2NSEC). Times as
 * trace-cmd 3.1.6 reports them of the same file: before the first correction, between corrections and after the last.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { shortPage } from "../fuzz/inputs.ts";
import { buildTraceDat, type DatOption, DatOptionId, textOption } from "../support/trace-dat-builder.ts";

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-guest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RAW = fileURLToPath(new URL("../data/trace/linux-6.12-sdx55/raw", import.meta.url));

interface Correction {
  readonly atNs: bigint;
  readonly offsetNs: bigint;
  /** Factor as a fraction of 2^8. */
  readonly scaling: bigint;
}

/** With more, trace-cmd's own product of ticks and factor overflows here. */
const FRACTION_BITS = 8n;

/** u64 trace id, u32 flags, u32 CPUs | each: u32 count, times, offsets, scalings | u64 fraction bits of each correction. */
function timeShift(flags: number, cpus: readonly (readonly Correction[])[]): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (values: readonly bigint[]) => Buffer.from(BigInt64Array.from(values).buffer);
  return Buffer.concat([
    ...[u64([0x1234n]), u32(flags), u32(cpus.length)],
    ...cpus.flatMap((own) => [
      u32(own.length),
      u64(own.map(({ atNs }) => atNs)),
      u64(own.map(({ offsetNs }) => offsetNs)),
      u64(own.map(({ scaling }) => scaling)),
    ]),
    u64(cpus.flat().map(() => FRACTION_BITS)),
  ]);
}

const ONE = 1n << FRACTION_BITS;
const at = (seconds: number, offsetNs: bigint, scaling = ONE): Correction => ({
  atNs: BigInt(Math.round(seconds * 1e9)),
  offsetNs,
  scaling,
});

/** The multiplier and shift that make nanoseconds of ticks, and an offset, which trace-cmd does not add either. */
function tscToNs(multiplier: number, shift: number, offset = 0n): DatOption {
  const words = Buffer.from(Uint32Array.of(multiplier, shift).buffer);
  return { id: DatOptionId.TSC2NSEC, data: Buffer.concat([words, Buffer.from(BigInt64Array.of(offset).buffer)]) };
}

const shifted = (flags: number, cpus: readonly (readonly Correction[])[]): DatOption => ({
  id: DatOptionId.TIME_SHIFT,
  data: timeShift(flags, cpus),
});

/** @param cpus - numbers of the two CPUs. */
function write(name: string, options: readonly DatOption[], cpus: readonly [number, number]): string {
  const text = (file: string) => readFileSync(join(RAW, file), "utf8");
  const page = (file: string, records: number) => shortPage(readFileSync(join(RAW, file)), 0, records);
  const path = join(folder, `${name}.dat`);
  const bytes = buildTraceDat({
    version: 7,
    headerPage: text("header_page"),
    formats: readdirSync(RAW)
      .filter((file) => /^mhi_.*\.format$/.test(file))
      .map((file) => ({ system: "mhi_host", text: text(file) })),
    buffers: [
      {
        name: "",
        cpus: [
          { cpu: cpus[0], pages: page("cpu0.bin", 5) },
          { cpu: cpus[1], pages: page("cpu1.bin", 9) },
        ],
      },
    ],
    options: [
      textOption(DatOptionId.TRACECLOCK, "[boot]"),
      { id: DatOptionId.CPUCOUNT, data: Buffer.from(Uint32Array.of(cpus[1] + 1).buffer) },
      ...options,
      textOption(DatOptionId.OFFSET, "-1000"),
    ],
  });
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string): Promise<string[]> {
  const source = await openTrace(path);
  const seen: string[] = [];
  for await (const batch of source.batches())
    for (let i = 0; i < batch.length; i++) {
      const { cpu, tNs } = batch.event(i);
      seen.push(`${cpu}:${tNs}`);
    }
  source.close();
  return seen;
}

function reported(path: string): string[] | undefined {
  try {
    const lines = execFileSync("trace-cmd", ["report", "-t", "-i", path], { stdio: "pipe" }).toString();
    return [...lines.matchAll(/\[(\d{3})\] +(\d+)(?:\.(\d{9}))?: /g)].map(
      ([, cpu, seconds, ns]) => `${Number(cpu)}:${Number(`${seconds}${ns ?? ""}`)}`,
    );
  } catch {
    return undefined;
  }
}

const INTERPOLATED = 1;
/** The records are of 5.893 to 24.162 s, most of them of 5.89 to 6.0 s. */
const TWO = [
  [at(5.9, 1_000n), at(6, 2_000n)],
  [at(5.9, 1_000n), at(6, 90_000n)],
];
const CASES: readonly [name: string, options: readonly DatOption[], cpus?: readonly [number, number]][] = [
  ["one correction", [shifted(INTERPOLATED, [[at(1, 5_000n)], [at(1, -7_000n)]])]],
  ["two", [shifted(INTERPOLATED, TWO)]],
  [
    "three, that some records stand before and some behind",
    [
      shifted(INTERPOLATED, [
        [at(5.9, 1_000n), at(5.95, 3_000n), at(5.99, 10_000n)],
        [at(5.9, -1_000n), at(5.903, 3_000n), at(5.99, 10_000n)],
      ]),
    ],
  ],
  [
    "scaled",
    [
      shifted(INTERPOLATED, [
        [at(5.9, 0n, ONE + 1n), at(6, 500n, ONE - 1n)],
        [at(5.9, 0n, ONE + 2n), at(6, 100n)],
      ]),
    ],
  ],
  ["TSC ticks of CPUs whose numbers have gaps", [tscToNs(5, 3, 1_000_000n)], [2, 7]],
  // the product has 64 bits: a signed one would be negative
  ["TSC ticks, the factor near 1", [tscToNs(0x7ffffff1, 31)]],
  ["TSC ticks of a guest", [shifted(INTERPOLATED, TWO), tscToNs(0x5555_5555, 30)]],
];

/** CPU and nanoseconds, in the order of CASES: what trace-cmd reported when this was written. */
const REPORTED = [
  `1:5893302899 1:5894747964 1:5900058172 1:5900242145 1:5902697837 1:5902777134 1:5903298490 0:5904614217 1:5989960692 1:5991471665 0:5993167970 0:5993634551 0:5994804824 0:5996296963`,
  `1:5893304947 1:5894751298 1:5900066231 1:5900250368 1:5902708245 1:5902787613 1:5903309433 0:5904610263 1:5990048764 1:5991561082 0:5993164902 0:5993631487 0:5994801772 0:5996293926`,
  `1:5893299981 1:5894746973 1:5900064260 1:5900248479 1:5902707445 1:5902786848 1:5903308515 0:5904610401 1:5989977689 1:5991488784 0:5993173524 0:5993640186 0:5994810664 0:5996303064`,
  `0:5927674123 1:5939351384 1:5940807740 1:5946159438 1:5946344849 1:5948819729 1:5948899645 1:5949425074 0:6016574232 0:6017042638 0:6018217488 0:6019715463 1:6036764412 1:6038287190`,
  `7:3683318311 7:3684221477 7:3687540357 7:3687655340 7:3689190148 7:3689239708 7:3689565556 2:3690380385 7:3743729432 7:3744673790 2:3745726481 2:3746018094 2:3746749515 2:3747682101`,
  `1:5893309857 1:5894754922 1:5900065130 1:5900249103 1:5902704795 1:5902784092 1:5903305448 0:5904609175 1:5989967650 1:5991478623 0:5993162928 0:5993629509 0:5994799782 0:5996291921`,
  `1:7857740260 1:7859668728 1:7866755306 1:7867000822 1:7870277991 1:7870383815 1:7871079575 0:7872814015 1:7986732016 1:7988748440 0:7990886867 0:7991508980 0:7993069360 0:7995058899`,
];

describe.each(CASES.map((one, i) => ({ one, was: REPORTED[i] ?? "" })))("$one.0", ({ one, was }) => {
  const [name, options, cpus = [0, 1]] = one;
  const path = write(name.replace(/\W+/g, "-"), options, cpus);

  test("each time is as reported, to the nanosecond", async () => {
    expect(await read(path)).toEqual(was.split(" "));
  });

  const now = reported(path);
  test.skipIf(now === undefined)("the trace-cmd at hand reports the same", async () => {
    expect(await read(path)).toEqual(now);
  });
});
