/**
 * Makes test/data/reports/run.json from recordings of real kernels. Bundle it, then: node make-fixture.mjs <folder> <out>,
 * with a folder that holds the `*.guest.txt` and `*.device.txt` pairs named below. The trace and the device log are real,
 * the clock samples are what the two logs show of each other, the verdicts are written by hand.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FindingRecord, RunRecord, SegmentRecord, TestRecord } from "../../../harness/record/schema.ts";
import { parseTraceText } from "../../../harness/trace/text/parse.ts";

const S = 1e9;

interface Recording {
  readonly file: string;
  readonly kernel: string;
  /** Device log's clock minus the host's trace clock, from an M3 acknowledge that both logs hold. */
  readonly offsetNs: number;
  /** printk's clock minus the trace clock. */
  readonly printkNs: number;
}

const NOMINAL: Recording = {
  file: "01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind",
  kernel: "6.12.117+deb13-amd64",
  offsetNs: 1.953 * S,
  printkNs: 0.0357 * S,
};
const S3_LOST: Recording = {
  file: "04-k6.12-S3-context-lost-recovery",
  kernel: "6.12.117+deb13-amd64",
  offsetNs: 2.349 * S,
  printkNs: 0.099 * S,
};
const SYS_ERR: Recording = {
  file: "10-k7.2-sharedmsi-dun-diag-syserr",
  kernel: "7.2.12+deb14-amd64",
  offsetNs: 2.848 * S,
  printkNs: -0.0455 * S,
};

const DMESG = /^\[\s*(\d+\.\d+)\] (.*)$/;
const DEVICE = /^\s*(\d+\.\d+) (\S+) ?(.*)$/;

function evidence(folder: string, recording: Recording, fromS: number, toS: number) {
  const guest = readFileSync(join(folder, `${recording.file}.guest.txt`), "utf8");
  const inside = (tNs: number) => tNs >= fromS * S && tNs <= toS * S;
  const events = parseTraceText(guest)
    .events.filter((event) => inside(event.tNs))
    .map((event) => ({ ...event }));
  const dmesg: SegmentRecord["dmesg"] = [];
  const console: TestRecord["console"] = [];
  for (const line of guest.split("\n")) {
    const parts = DMESG.exec(line.trimEnd());
    const tNs = Math.round(Number(parts?.[1]) * S - recording.printkNs);
    if (!parts || !inside(tNs)) continue;
    const text = parts[2] ?? "";
    dmesg.push({ tNs, level: /WARNING|firmware crashed|error|Error|failed/.test(text) ? 3 : 6, text });
    console.push({ controllerNs: Math.round(tNs + recording.offsetNs + 2.4e6), text: line.trimEnd() });
  }
  const device: TestRecord["device"] = [];
  for (const line of readFileSync(join(folder, `${recording.file}.device.txt`), "utf8").split("\n")) {
    const [, ms, kind = "", text = ""] = DEVICE.exec(line) ?? [];
    const controllerNs = Math.round(Number(ms) * 1e6);
    if (ms !== undefined && inside(controllerNs - recording.offsetNs)) device.push({ controllerNs, kind, text });
  }
  const sample = (s: number) => ({
    hostNs: s * S,
    controllerNs: Math.round(s * S + recording.offsetNs),
    uncertaintyNs: 1_400_000,
  });
  const segment: SegmentRecord = {
    bootId: recording.file.slice(0, 2),
    kernel: recording.kernel,
    clock: [sample(fromS), sample(toS)],
    events,
    gaps: [],
    dmesg,
  };
  return { segments: [segment], console, device, startControllerNs: Math.round(fromS * S + recording.offsetNs) };
}

type Evidence = ReturnType<typeof evidence>;

function test(
  area: string,
  title: string,
  outcome: TestRecord["outcome"],
  from: Evidence,
  more: Partial<TestRecord>,
): TestRecord {
  return {
    id: `${area}-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`,
    area,
    title,
    file: `suites/${area}/${title.split(" ")[0]?.toLowerCase()}.spec.ts`,
    attempt: 0,
    outcome,
    durationMs: 4200,
    summary: "",
    story: "",
    findings: [],
    measures: [],
    actions: [],
    files: [],
    ...from,
    ...more,
  };
}

const at = (recording: Recording, s: number): number => Math.round(s * S + recording.offsetNs);
const action = (
  recording: Recording,
  name: string,
  from: number,
  to: number,
  error?: string,
): TestRecord["actions"][number] => ({
  name,
  controllerNs: at(recording, from),
  endControllerNs: at(recording, to),
  ...(error === undefined ? {} : { error }),
});

function s3Test(folder: string): TestRecord {
  const held = evidence(folder, S3_LOST, 5.9, 14.5);
  const events = held.segments[0]?.events ?? [];
  const pm = (tNs: number) => events.findIndex((event) => event.kind === "pm" && Math.abs(event.tNs - tNs) < 1000);
  const finding: FindingRecord = {
    rule: "scenario/suspend",
    outcome: "fail",
    title: "resume: the device had lost its context",
    expected: "M3_EXIT, then M0 within 8 s",
    found:
      "Linkdown or Error Fatal Detect at 12.026672, 4.816 s after M3; device log agrees: DEVICE RESET before the resume",
    cause: "slot power not kept over suspend",
    segment: 0,
    fromNs: 7_210_999_000,
    atNs: 12_026_672_000,
    because: [pm(7_207_531_000), pm(7_210_999_000), pm(12_026_672_000)],
  };
  return test("power", "S3, slot power kept", "fail", held, {
    durationMs: 8600,
    summary: finding.title,
    story: "boot ok in 0.12 s; suspended once; recovered after 0.10 s.",
    findings: [finding],
    measures: [{ name: "M3", valueNs: 3.5e6 }],
    actions: [action(S3_LOST, "bind", 5.97, 6.2), action(S3_LOST, "suspend deep", 7.13, 12.2)],
    files: ["evidence/s3/trace.dat", "evidence/s3/console.log"],
  });
}

function gapTest(folder: string): TestRecord {
  const held = evidence(folder, NOMINAL, 7.6, 12.5);
  const segment = held.segments[0];
  if (!segment) throw new Error("no segment");
  const [fromNs, toNs] = [9.1 * S, 11.9 * S];
  const cut = { ...segment, events: segment.events.filter((event) => event.tNs < fromNs || event.tNs > toNs) };
  const gap = { fromNs, toNs, reason: "stream-lost" as const, detail: "cpu0 and cpu1: SSH connection reset" };
  const finding: FindingRecord = {
    rule: "scenario/runtime-resume",
    outcome: "inconclusive",
    title: "resume not judged: the trace stream was lost in its window",
    expected: "M3_EXIT, then M0 within 8 s of the wake",
    found: "no evidence from 9.100 to 11.900; the driver's dmesg has M0 at 11.841",
    segment: 0,
    fromNs,
    atNs: toNs,
    because: [],
  };
  return test(
    "power",
    "runtime suspend and resume",
    "inconclusive",
    { ...held, segments: [{ ...cut, gaps: [gap] }] },
    {
      summary: finding.title,
      story: "suspended once.",
      findings: [finding],
      measures: [{ name: "M3", valueNs: 4.19e6 }],
      actions: [action(NOMINAL, "autosuspend on", 7.77, 7.79), action(NOMINAL, "wake by open", 11.82, 11.86)],
    },
  );
}

export function makeRun(folder: string): RunRecord {
  const tests: TestRecord[] = [
    test("boot", "cold boot reaches mission mode", "pass", evidence(folder, NOMINAL, 3.4, 5.8), {
      durationMs: 2380,
      story: "boot ok in 0.08 s.",
      measures: [
        { name: "POR", valueNs: 2.1e6 },
        { name: "M0", valueNs: 14.7e6 },
        { name: "AMSS", valueNs: 16.4e6 },
      ],
      actions: [action(NOMINAL, "bind", 3.506, 3.62)],
    }),
    test("channels", "AT port answers", "pass", evidence(folder, NOMINAL, 5.85, 7.5), {
      durationMs: 1650,
      story: "suspended once; channel 32 and 33 opened and closed.",
      measures: [{ name: "echo", valueNs: 24e6 }],
      actions: [action(NOMINAL, "open wwan0at0", 6.675, 6.753)],
    }),
    s3Test(folder),
    gapTest(folder),
    test("sys-err", "SYS_ERR in AMSS", "pass", evidence(folder, SYS_ERR, 5.3, 8.2), {
      durationMs: 2900,
      story: "SYS_ERR at 5.775; recovered after 0.13 s.",
      measures: [{ name: "recovery", valueNs: 132.5e6 }],
      actions: [action(SYS_ERR, "raise SYS_ERR", 5.47, 5.6)],
    }),
    test(
      "power",
      "cold power cycle",
      "infra",
      { segments: [], console: [], device: [], startControllerNs: 1 },
      {
        durationMs: 20_000,
        summary: "console lost at 20.1: not judged, rig put back by remove and rescan",
        story: "",
      },
    ),
  ];
  return {
    schema: "mhi-hil/run/1",
    id: "2026-11-23T1904",
    startedAt: "2026-11-23T19:04:11.000Z",
    durationMs: 61_000,
    command: ["mhi-hil", "run"],
    versions: { "mhi-hil": "0.1.0", node: "20.19.2", qemu: "11.1.0", kernel: "6.12.117+deb13-amd64" },
    rig: {
      id: "virtual-sdx55",
      kind: "virtual",
      family: "sdx55",
      host: "guest 6.12.117 (tcg)",
      dut: "qcom-sdx55m 17cb:0306, slot power kept",
      notes: ["trace mhi_host, binary, 2 cpus"],
    },
    faults: [],
    tests,
    coverage: {
      pmEdgesSeen: ["POR->M0", "M0->M3_ENTER", "M3_ENTER->M3", "M3->M3_EXIT", "M3_EXIT->M0"],
      pmEdgesTotal: 27,
    },
    counts: { pass: 3, fail: 1, inconclusive: 1, infra: 1, flaky: 0, skipped: 0 },
    exitCode: 1,
    trouble: [],
  };
}

const [folder, out] = process.argv.slice(2);
if (folder !== undefined && out !== undefined && process.argv[1]?.includes("make-fixture")) {
  writeFileSync(
    out,
    `${JSON.stringify(makeRun(folder), (_key, value) => (value === undefined ? undefined : value), 1)}\n`,
  );
}
