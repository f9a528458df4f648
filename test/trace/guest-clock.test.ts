/**
 * A guest's recording, its clock corrected CPU by CPU (TIME_SHIFT): times as trace-cmd 3.1.6 reports them of the same file,
 * before the first correction, between corrections and after the last.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { shortPage } from "../fuzz/inputs.ts";
import { buildTraceDat, DatOptionId, textOption } from "../support/trace-dat-builder.ts";

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

function write(name: string, flags: number, cpus: readonly (readonly Correction[])[]): string {
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
          { cpu: 0, pages: page("cpu0.bin", 5) },
          { cpu: 1, pages: page("cpu1.bin", 9) },
        ],
      },
    ],
    options: [
      textOption(DatOptionId.TRACECLOCK, "[boot]"),
      { id: DatOptionId.TIME_SHIFT, data: timeShift(flags, cpus) },
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
const CASES: readonly [name: string, flags: number, cpus: readonly (readonly Correction[])[]][] = [
  ["one correction", INTERPOLATED, [[at(1, 5_000n)], [at(1, -7_000n)]]],
  [
    "two",
    INTERPOLATED,
    [
      [at(5.9, 1_000n), at(6, 2_000n)],
      [at(5.9, 1_000n), at(6, 90_000n)],
    ],
  ],
  [
    "three, that some records stand before and some behind",
    INTERPOLATED,
    [
      [at(5.9, 1_000n), at(5.95, 3_000n), at(5.99, 10_000n)],
      [at(5.9, -1_000n), at(5.903, 3_000n), at(5.99, 10_000n)],
    ],
  ],
  [
    "scaled",
    INTERPOLATED,
    [
      [at(5.9, 0n, ONE + 1n), at(6, 500n, ONE - 1n)],
      [at(5.9, 0n, ONE + 2n), at(6, 100n)],
    ],
  ],
];

/** CPU and nanoseconds, in the order of CASES: what trace-cmd reported when this was written. */
const REPORTED = [
  `1:5893302899 1:5894747964 1:5900058172 1:5900242145 1:5902697837 1:5902777134 1:5903298490 0:5904614217 1:5989960692 1:5991471665 0:5993167970 0:5993634551 0:5994804824 0:5996296963`,
  `1:5893304947 1:5894751298 1:5900066231 1:5900250368 1:5902708245 1:5902787613 1:5903309433 0:5904610263 1:5990048764 1:5991561082 0:5993164902 0:5993631487 0:5994801772 0:5996293926`,
  `1:5893299981 1:5894746973 1:5900064260 1:5900248479 1:5902707445 1:5902786848 1:5903308515 0:5904610401 1:5989977689 1:5991488784 0:5993173524 0:5993640186 0:5994810664 0:5996303064`,
  `0:5927674123 1:5939351384 1:5940807740 1:5946159438 1:5946344849 1:5948819729 1:5948899645 1:5949425074 0:6016574232 0:6017042638 0:6018217488 0:6019715463 1:6036764412 1:6038287190`,
];

describe.each(CASES.map((one, i) => [...one, REPORTED[i] ?? ""] as const))("%s", (name, flags, cpus, then) => {
  const path = write(name.replace(/\W+/g, "-"), flags, cpus);

  test("each time is as reported, to the nanosecond", async () => {
    expect(await read(path)).toEqual(then.split(" "));
  });

  const now = reported(path);
  test.skipIf(now === undefined)("the trace-cmd at hand reports the same", async () => {
    expect(await read(path)).toEqual(now);
  });
});
