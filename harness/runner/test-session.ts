/** One test from its begin to its record: brings the rig where the test starts, and at the end judges what was seen. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestInfo, TestInfoError } from "@playwright/test";
import { systemClock } from "../base/clock.ts";
import { tellStory } from "../judge/story.ts";
import type { FindingRecord, SegmentRecord, TestRecord } from "../record/schema.ts";
import { hostTime } from "../trace/clock-map.ts";
import { DeviceLog } from "./device-log.ts";
import type { KeeperClient } from "./keeper-client.ts";
import type { KeeperStatus } from "./keeper-protocol.ts";
import { type BrokenKernel, brokenKernel } from "./kernel-broken.ts";
import { classifyError, type Ending, endingOf, type ThrownError } from "./outcome.ts";
import type { Rig } from "./rig.ts";
import type { Neighbour } from "./rig-base.ts";
import { rigFacts } from "./rig-facts.ts";
import { RECORD_ATTACHMENT, type TestFile } from "./rig-info.ts";
import { readRunEnv } from "./run-env.ts";
import type { JudgedTo, StartingPoint } from "./starting-point.ts";
import { Trace } from "./trace.ts";

/** Where a test starts: a host that has not loaded the driver, or a device in mission mode. */
export type StartFrom = "host" | "mission-mode";

/** Another device of the host, with its own evidence. */
export interface NeighbourTrace extends Neighbour {
  readonly timeline: Trace;
}

/** What a worker holds of its rig. */
export interface AttachedRig {
  readonly rig: Rig;
  readonly start: StartingPoint;
  readonly keeper: KeeperClient;
}

/** At most so many lines of console and device log go into a test's record; the files hold all. */
const MAX_LINES = 5000;

export class TestSession {
  readonly trace: Trace;
  /** One for each other device of the host. */
  readonly others: readonly NeighbourTrace[];
  readonly #rig: Rig;
  readonly #start: StartingPoint;
  readonly #keeper: KeeperClient;
  readonly #info: TestInfo;
  readonly #startNs: number;
  readonly #device: DeviceLog;
  readonly #thrown: ThrownError[] = [];

  private constructor(
    { rig, start, keeper }: AttachedRig,
    info: TestInfo,
    status: KeeperStatus | undefined,
    judgeFrom: JudgedTo | undefined,
  ) {
    this.#rig = rig;
    this.#start = start;
    this.#keeper = keeper;
    this.#info = info;
    this.#startNs = systemClock.monotonicNs();
    this.#device = new DeviceLog(status?.deviceLogPath);
    const host = { drain: () => rig.host.drain(), checkRig: () => rig.host.checkRig() };
    this.others = rig.neighbours.map(({ family, address }) => {
      const source = {
        ...host,
        family,
        get segments() {
          return rig.host.segmentsOf(address);
        },
        deviceLines: () => [],
      };
      return { family, address, timeline: new Trace(source, judgeFrom) };
    });
    this.trace = new Trace(
      {
        ...host,
        family: rig.family,
        get segments() {
          return rig.host.segments;
        },
        deviceLines: (segment) =>
          this.#device.read().flatMap((line) => {
            const tNs = hostTime(segment.clock, line.controllerNs);
            return tNs === undefined ? [] : [{ ...line, tNs }];
          }),
      },
      judgeFrom,
    );
  }

  /** Brings the rig to `startFrom` and begins to keep evidence. What goes wrong there is thrown by `ready`. */
  static async begin(attached: AttachedRig, info: TestInfo, startFrom: StartFrom): Promise<TestSession> {
    const { rig, start, keeper } = attached;
    let trouble: unknown;
    let judgeFrom = start.judgedTo;
    try {
      if (startFrom === "host") await start.freshHost();
      else judgeFrom = await start.missionMode();
      await rig.host.drain();
    } catch (error) {
      trouble = error;
    }
    const status = await keeper.status().catch(() => undefined);
    const session = new TestSession(attached, info, status, judgeFrom);
    rig.forgetActions();
    if (trouble !== undefined) session.#thrown.push(classifyError(trouble));
    else await rig.host.mark({ phase: "note", name: "test", detail: info.title });
    return session;
  }

  /** Throws what kept the test from starting, so that its body does not run. */
  ready(): void {
    const [trouble] = this.#thrown;
    if (trouble) throw new Error(trouble.message);
  }

  /** Judges, writes the record and hands it to the reporter. Throws when the test is not a pass but looks like one. */
  async end(): Promise<void> {
    const settled = await this.#rig.host.settle();
    const status = await this.#keeper.status().catch(() => undefined);
    const { findings, story, measures } = this.#judged();
    const consoleLines = (await this.#keeper.consoleSince(this.#startNs).catch(() => [])).slice(-MAX_LINES);
    const broken = brokenKernel(consoleLines);
    const ending = this.#ending(findings, story, settled, broken);
    const segments = this.#segments(findings);
    const record: TestRecord = {
      id: this.#info.testId,
      area: areaOf(this.#info.file),
      title: this.#info.title,
      file: relative(process.cwd(), this.#info.file),
      attempt: this.#info.retry,
      outcome: ending.outcome,
      durationMs: (systemClock.monotonicNs() - this.#startNs) / 1e6,
      startControllerNs: this.#startNs,
      summary: ending.summary,
      story,
      findings,
      measures,
      figures: [...this.#rig.figures],
      scenarios: this.trace.followed.flatMap(({ scenario, verdict }) =>
        verdict.outcome === "pass" ? [scenario.id] : [],
      ),
      segments,
      actions: this.#rig.actions,
      console: consoleLines,
      device: this.#device.read().slice(-MAX_LINES),
      files: [],
    };
    this.#write(record, status);
    // in this worker: after a failed test the next one has a new worker, which knows of nothing
    await this.#rig.restore().catch(() => undefined);
    if (broken && this.#rig.can("power")) await this.#keeper.setPower("off").catch(() => undefined);
    const live = this.trace.segments.at(-1);
    const judged = ending.outcome === "pass" || ending.outcome === "skipped";
    this.#start.judgedTo = judged && live ? { bootId: live.bootId, tNs: live.watermarkNs } : undefined;
    if (ending.outcome !== "pass" && this.#info.status === "passed")
      throw new Error(`${ending.outcome}: ${ending.summary}`);
  }

  #judged(): { findings: FindingRecord[]; story: string; measures: TestRecord["measures"] } {
    const findings = [...this.trace.verdicts(), ...this.others.flatMap((other) => this.#findingsOf(other))];
    const story = this.trace.segments
      .map((segment, at) => tellStory(segment.events.filter((event) => event.tNs >= this.trace.fromNs(at))))
      .filter((text) => text !== "")
      .join("; then, in the next boot: ");
    return { findings, story, measures: this.trace.followed.flatMap(({ verdict }) => [...verdict.measures]) };
  }

  /** Of another device: what the test's scenarios brought about on purpose they did to the DUT alone, unless the whole host slept. */
  #findingsOf({ family, address, timeline }: NeighbourTrace): FindingRecord[] {
    const slept = this.#rig.actions.some(({ name }) => name === "suspend");
    return timeline
      .verdicts((at) => (slept ? this.trace.allowed(at) : []))
      .map((finding) => ({ ...finding, title: `${family.id} at ${address}: ${finding.title}`, because: [] }));
  }

  #ending(
    findings: readonly FindingRecord[],
    story: string,
    settled: string | undefined,
    broken: BrokenKernel | undefined,
  ): Ending {
    const trouble = this.#rig.host.trouble;
    const refusals = this.#rig.refusals.map(
      ({ action, why }): ThrownError => ({ kind: "assertion", message: `${action}: ${why}` }),
    );
    return endingOf({
      findings,
      thrown: [
        ...(broken?.byDriver ? [{ kind: "dut", message: broken.why } as const] : []),
        ...this.#thrown,
        ...this.#info.errors.map((error) => thrownBy(error)),
        ...refusals,
      ],
      rigTrouble: [
        ...(trouble ? [trouble.why] : []),
        ...(settled === undefined ? [] : [settled]),
        ...(broken && !broken.byDriver ? [broken.why] : []),
      ],
      story,
      ...(this.#info.status === "skipped" && { skipped: skipReason(this.#info) }),
    });
  }

  /** Only this test's part of each boot; indices of the findings are moved along. */
  #segments(findings: FindingRecord[]): SegmentRecord[] {
    return this.trace.segments.map((segment, at) => {
      const first = segment.events.findIndex((event) => event.tNs >= this.trace.fromNs(at));
      const from = first < 0 ? segment.events.length : first;
      for (const finding of findings) {
        if (finding.segment === at)
          finding.because = finding.because.map((index) => index - from).filter((index) => index >= 0);
      }
      return {
        bootId: segment.bootId,
        kernel: segment.kernel,
        ...(segment.source && { source: segment.source }),
        clock: [...segment.clock],
        events: segment.events.slice(from).map((event) => ({ ...event })),
        gaps: segment.gaps.filter((gap) => gap.toNs >= this.trace.fromNs(at)),
        dmesg: segment.dmesg.filter((line) => line.tNs >= this.trace.fromNs(at)),
      };
    });
  }

  #write(record: TestRecord, status: KeeperStatus | undefined): void {
    const dir = this.#info.outputDir;
    mkdirSync(dir, { recursive: true });
    const files = evidenceFiles(dir, record, readRunEnv()?.dir ?? process.cwd());
    const { rig, versions } = rigFacts(this.#rig, status, record.segments.at(-1));
    const file: TestFile = { rig, versions, record: { ...record, files } };
    const path = join(dir, "record.json");
    writeFileSync(path, JSON.stringify(file));
    this.#info.attachments.push({ name: RECORD_ATTACHMENT, path, contentType: "application/json" });
  }
}

/** What a person opens with his own tools, beside the raw pages that the collector keeps. */
function evidenceFiles(dir: string, record: TestRecord, runDir: string): string[] {
  const lines = {
    "dmesg.txt": record.segments.flatMap((segment) =>
      segment.dmesg.map((line) => `${(line.tNs / 1e9).toFixed(6)} <${line.level}> ${line.text}`),
    ),
    "console.txt": record.console.map((line) => `${(line.controllerNs / 1e9).toFixed(6)} ${line.text}`),
    "device.txt": record.device.map(
      (line) => `${(line.controllerNs / 1e9).toFixed(6)} ${line.kind.padEnd(12)} ${line.text}`,
    ),
  };
  return Object.entries(lines)
    .filter(([, text]) => text.length > 0)
    .map(([name, text]) => {
      writeFileSync(join(dir, name), `${text.join("\n")}\n`);
      return relative(runDir, join(dir, name));
    });
}

/** Playwright keeps an error's text only; the class stands before the colon. */
function thrownBy(error: TestInfoError): ThrownError {
  const message = stripVTControlCharacters(error.message ?? error.value ?? "unknown error");
  const first = message.split("\n", 1)[0] ?? message;
  const match = /^(RigFault|DutFault|NotJudged): (.*)$/.exec(first);
  if (match?.[1] === "RigFault") return { kind: "rig", message: match[2] ?? first };
  if (match?.[1] === "DutFault") return { kind: "dut", message: match[2] ?? first };
  if (match?.[1] === "NotJudged") return { kind: "not-judged", message: match[2] ?? first };
  if (/^(Test timeout|.*Timeout).*exceeded/.test(first)) return { kind: "timeout", message: first };
  return { kind: "assertion", message: first.replace(/^Error: /, "") };
}

const skipReason = ({ annotations }: TestInfo): string =>
  annotations.find(({ type }) => type === "skip")?.description ?? "skipped by its suite";

export const areaOf = (file: string): string => file.split("/suites/")[1]?.split("/")[0] ?? "suite";
