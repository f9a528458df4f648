/** Every healthy window that the repository has, with what must have happened in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "../../harness/judge/evidence.ts";
import { inTurn, type JudgeOptions, type Scenario, scenario } from "../../harness/judge/index.ts";
import { type FamilyProfile, familyOn } from "../../harness/mhi/families/family.ts";
import { familyById } from "../../harness/mhi/families/index.ts";
import { isMhiEvent } from "../../harness/trace/mhi-events.ts";
import { parseTraceText } from "../../harness/trace/text/parse.ts";
import { aic100, foxconn, parseDmesg } from "../judge/support.ts";
import { type HealthyFile, readHealthy } from "./healthy-file.ts";
import { recordedSources } from "./recordings.ts";

export interface Healthy {
  /** `6.12 suite: runtime suspend and resume`. */
  readonly name: string;
  /** Id of what was to happen, for counting. */
  readonly scenario: string;
  readonly evidence: Evidence;
  readonly options: JudgeOptions;
}

/** After the window nothing happens any more, and every wait of the driver would have run out. */
export const QUIET_NS = 300e9;

/** A long row of scenarios counts as one. */
const countedAs = ({ id }: Scenario): string => (id.split("+").length > 3 ? "several" : id);

type Make = (family: FamilyProfile) => Scenario;
const s = scenario;

/** Title of a test of the suites -> what it asks for. */
const SUITE: Readonly<Record<string, Make>> = {
  "cold boot reaches mission mode": s.boot,
  "driver unbind and bind": (family) => inTurn(s.unbind(family), s.boot(family)),
  "cold power cycle comes back to mission mode": s.boot,
  "PCI remove and rescan": s.removeAndRescan,
  "DIAG port: open, echo, close": (family) => s.echo(family, "DIAG"),
  "device gone and hot-plugged back": s.hotPlug,
  "runtime suspend and resume": (family) => inTurn(s.runtimeSuspend(family), s.runtimeResume(family)),
  s2idle: s.systemSuspendResume,
  "S3, slot power kept": s.systemSuspendResume,
  "S3, slot power lost": s.contextLostResume,
  "SYS_ERR in AMSS and recovery": s.sysErrRecovery,
};

function ofSuites(name: string, file: HealthyFile): Healthy[] {
  return file.windows.flatMap(({ title, boot: at, fromNs, toNs }): Healthy[] => {
    const boot = file.boots[at];
    const make = SUITE[title];
    // a test that begins by switching the host off has nothing to show of the boot before
    if (!boot || !make || !boot.events.some((event) => isMhiEvent(event) && event.tNs >= fromNs && event.tNs <= toNs)) {
      return [];
    }
    const { kernel, source, events, gaps, dmesg } = boot;
    const family = familyOn(familyById(file.family), kernel);
    const wanted = make(family);
    const evidence: Evidence = {
      kernel,
      ...(source ? { source } : {}),
      events: events.filter(({ tNs }) => tNs <= toNs),
      gaps: gaps.filter((gap) => gap.fromNs <= toNs),
      dmesg: dmesg.filter(({ tNs }) => tNs <= toNs),
      fromNs,
      toNs: toNs + QUIET_NS,
    };
    return [
      { name: `${name}: ${title}`, scenario: countedAs(wanted), evidence, options: { family, scenario: wanted } },
    ];
  });
}

interface Console {
  readonly file: string;
  readonly kernel: string;
  readonly family: FamilyProfile;
  readonly dmesg?: string;
  /** Marker that it begins at, marker that it ends before, and what happened in between. */
  readonly parts: readonly (readonly [from: string | undefined, to: string | undefined, wanted: Make])[];
}

const DEBIAN_6_12 = "6.12.117+deb13-amd64";
const sdx55 = familyById("sdx55");

const CONSOLES: readonly Console[] = [
  {
    file: "01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind.guest.txt",
    kernel: DEBIAN_6_12,
    family: foxconn,
    parts: [
      ["STEP bind", "STEP echo", s.boot],
      ["STEP echo", "STEP rpm", (family) => s.echo(family, "DUN")],
      ["STEP echo", "STEP rpm", (family) => s.channelOpenClose(family, "DUN")],
      ["STEP rpm", "STEP s2", (family) => inTurn(s.runtimeSuspend(family), s.runtimeResume(family))],
      ["STEP s2", "STEP unbind", s.systemSuspendResume],
      ["STEP unbind", undefined, s.unbind],
    ],
  },
  {
    file: "04-k6.12-S3-context-lost-recovery.guest.txt",
    kernel: DEBIAN_6_12,
    family: foxconn,
    parts: [["STEP s3", undefined, s.contextLostResume]],
  },
  {
    file: "10-k7.2-sharedmsi-dun-diag-syserr.guest.txt",
    kernel: "7.2.12-amd64",
    family: foxconn,
    parts: [
      ["STEP echo-diag", "STEP syserr-event", (family) => s.echo(family, "DIAG")],
      ["STEP syserr-event", "STEP syserr-intr", s.sysErrRecovery],
      ["STEP syserr-intr", "STEP unbind", s.sysErrRecovery],
      ["STEP unbind", undefined, s.unbind],
    ],
  },
  {
    file: "12-k6.12-qaic-boot-to-online.guest.txt",
    kernel: DEBIAN_6_12,
    family: aic100,
    parts: [
      [undefined, "STEP unbind", s.boot],
      ["STEP unbind", undefined, s.unbind],
    ],
  },
  {
    file: "20-k6.12-sdx55-nominal.trace.txt",
    dmesg: "20-k6.12-sdx55-nominal.dmesg.txt",
    kernel: DEBIAN_6_12,
    family: sdx55,
    parts: [
      [
        undefined,
        undefined,
        (family) =>
          inTurn(
            s.boot(family),
            s.runtimeSuspend(family),
            s.runtimeResume(family),
            s.contextLostResume(family),
            s.systemSuspendResume(family),
            s.removeAndRescan(family),
            s.systemSuspendResume(family),
          ),
      ],
    ],
  },
];

function ofConsole(root: string, { file, kernel, family, dmesg, parts }: Console): Healthy[] {
  const read = (name: string): string => readFileSync(join(root, "test/data/judge", name), "utf8");
  const { events, gaps } = parseTraceText(read(file));
  const lines = parseDmesg(read(dmesg ?? file)).filter(({ text }) => !/mhi_\w+_(?:event|state|tre)/.test(text));
  const at = (text: string | undefined): number | undefined => {
    const marker = events.find((event) => event.kind === "marker" && event.text.includes(text ?? ""));
    if (text !== undefined && !marker) throw new Error(`no marker ${text} in ${file}`);
    return text === undefined ? undefined : marker?.tNs;
  };
  return parts.map(([from, to, make]) => {
    const fromNs = at(from) ?? events[0]?.tNs ?? 0;
    const toNs = at(to) ?? (events.at(-1)?.tNs ?? 0) + 1;
    const wanted = make(family);
    const evidence: Evidence = {
      kernel,
      events: events.filter(({ tNs }) => tNs < toNs),
      gaps: gaps.filter((gap) => gap.fromNs < toNs),
      dmesg: lines.filter(({ tNs }) => tNs < toNs),
      fromNs,
      toNs: toNs + QUIET_NS,
    };
    return {
      name: `${file.slice(0, 7)}: ${wanted.title}`,
      scenario: countedAs(wanted),
      evidence,
      options: { family, scenario: wanted },
    };
  });
}

/** @param root the repository. */
export async function healthySources(root: string): Promise<Healthy[]> {
  const folder = join(root, "test/data/judge/healthy");
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".json.gz"))
    .sort();
  return [
    ...files.flatMap((name) => ofSuites(name.replace(".json.gz", ""), readHealthy(join(folder, name)))),
    ...CONSOLES.flatMap((console) => ofConsole(root, console)),
    ...(await recordedSources(root)),
  ];
}
