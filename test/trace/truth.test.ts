/**
 * Every event of every recording against what `trace-cmd report` of the recording's own time said of it. Recordings are of
 * real kernels, see test/data/trace/README.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gap, isMhiEvent } from "../../harness/trace/mhi-events.ts";
import { withoutReason, wordsOfEvent } from "../support/mhi-words.ts";
import { type Report, type ReportLine, readReport } from "../support/report-lines.ts";
import {
  KERNELS,
  type Opened,
  pathOf,
  printedRecords,
  type Row,
  readAll,
  recordingsOf,
  stem,
  textOf,
} from "./truth-support.ts";

const cases = KERNELS.flatMap((kernel) => recordingsOf(kernel).map((name) => ({ kernel, name })));

/** trace-cmd prints `0x%p` with one more `0x`. */
const doubled = (address: string): string => `0x${address}`;

/** Columns of the report's flags that say the same in every version. */
const contextOf = ({ flags }: ReportLine): string => `${flags[0] === "d" ? "d" : "."}${flags.slice(2)}`;

const NMI = 0x40;
const HARD = 0x08;
const SOFT = 0x10;

function contextOfRow({ flags }: Row): string {
  const [hard, soft] = [(flags & HARD) !== 0, (flags & SOFT) !== 0];
  const context = (flags & NMI) !== 0 ? "?" : hard && soft ? "H" : hard ? "h" : soft ? "s" : ".";
  const depth = (flags >>> 8) & 15;
  const migration = flags >>> 12;
  const digit = (value: number): string => (value === 0 ? "." : value.toString(16));
  return `${(flags & 1) !== 0 ? "d" : "."}${context}${digit(depth)}${digit(migration)}`;
}

const byClock = <T extends { readonly clock: bigint }>(rows: readonly T[], keyOf: (row: T) => string): T[] =>
  [...rows].sort((a, b) => (a.clock === b.clock ? (keyOf(a) < keyOf(b) ? -1 : 1) : a.clock < b.clock ? -1 : 1));

const inOrder = (gaps: readonly Gap[]): Gap[] => gaps.toSorted((a, b) => a.toNs - b.toNs);

const lineKey = ({ buffer, cpu }: ReportLine): string => `${buffer} ${cpu}`;
const rowKey = ({ event }: Row): string => `${event.buffer ?? ""} ${event.cpu}`;

describe.each(cases)("$kernel $name", ({ kernel, name }) => {
  let report: Report;
  let opened: Opened;
  let lines: ReportLine[];
  let rows: Row[];
  const path = pathOf(kernel, name);

  beforeAll(async () => {
    report = readReport(textOf(kernel, `${stem(name)}.report.txt`));
    opened = await readAll(path);
    lines = byClock(report.lines, lineKey);
    rows = byClock(opened.rows, rowKey);
  });

  test("as many events, in the order of their times, none before another one's", () => {
    expect(lines.length).toBeGreaterThan(10);
    expect(opened.rows.length).toBe(report.lines.length);
    expect(opened.rows.map(({ clock }) => clock)).toEqual(rows.map(({ clock }) => clock));
    expect(opened.info.kernel).toMatch(new RegExp(`^${kernel.replace(".", "\\.")}\\.`));
  });

  test("task, CPU, buffer, time to the last digit, context", () => {
    const head = (one: ReportLine) => [one.comm, one.pid, one.cpu, one.buffer, one.clock, contextOf(one)];
    const comm = ({ event, comm: known }: Row): string => (event.pid === 0 ? "<idle>" : (known ?? "<...>"));
    expect(
      rows.map((row) => [
        comm(row),
        row.event.pid,
        row.event.cpu,
        row.event.buffer ?? "",
        row.clock,
        contextOfRow(row),
      ]),
    ).toEqual(lines.map(head));
  });

  test("mhi events say in each field what the report says; other events have its name", () => {
    const said = lines.map((line) => {
      const driver = line.name.startsWith("mhi_");
      return driver
        ? [line.name, withoutReason(line.text)]
        : line.name === "print"
          ? ["print", line.text.replace(/^\S+ /, "")]
          : [line.name];
    });
    const ours = rows.map(({ event }) => {
      if (event.kind === "marker") return ["print", event.text];
      if (!isMhiEvent(event)) return [event.kind === "other" ? event.name : ""];
      const { name: own, text } = wordsOfEvent(event, doubled);
      return [own, text];
    });
    expect(ours).toEqual(said);
    expect(rows.filter(({ event }) => isMhiEvent(event)).length).toBeGreaterThan(10);
  });

  test("the lost events that the report tells, between the same records", () => {
    const told = report.losses.map(({ cpu, lost, before }) => {
      const next = report.lines.findIndex((line, i) => i >= before && line.cpu === cpu);
      const last = report.lines.slice(0, before).findLast((line) => line.cpu === cpu);
      return { cpu, lost, from: last?.clock, to: report.lines[next]?.clock };
    });
    const origin = opened.info.originNs;
    const ours = inOrder(opened.gaps).map(({ cpu, lost, fromNs, toNs }) => ({
      cpu,
      lost,
      from: origin + BigInt(fromNs),
      to: origin + BigInt(toNs),
    }));
    expect(ours).toEqual(told.toSorted((a, b) => Number((a.to ?? 0n) - (b.to ?? 0n))));
    expect(opened.gaps.every(({ reason }) => reason === "overrun")).toBe(true);
    expect(told.length > 0).toBe(stem(name) === "overrun");
  });

  test("each record's bytes, printed by the recording's own print fmt, are its line", async () => {
    const printed = await printedRecords(path);
    for (const { buffer, cpu, records } of printed) {
      const own = report.lines.filter((line) => line.buffer === buffer && line.cpu === cpu);
      const said = own.map((line) => `${line.name}: ${shown(line.text)}`);
      expect(records.map(({ name: event, text }, i) => unnamed(`${event}: ${shown(text)}`, said[i] ?? ""))).toEqual(
        said,
      );
    }
    expect(printed.flatMap(({ records }) => records).length).toBe(report.lines.length);
  });
});

/** What is printed of an address: trace-cmd asks the recording's kallsyms where `%ps` is printed, this project does not. */
const shown = (text: string): string =>
  text
    .replace(/\b(call_site|function|caller)=\S+/g, "$1=*")
    // Of a stack trace-cmd prints eight addresses, which may be more than the record holds.
    .replace(/=> <element \d is outside its array>/g, "=> 0x0")
    .trim();

/** Of a stack, where the report has the name of a function (the frame `said`), any address is right. */
function unnamed(printed: string, said: string): string {
  const frames = said.split("\n");
  return printed
    .split("\n")
    .map((line, i) =>
      /=> [a-z_]/.test(frames[i] ?? "") ? line.replace(/=> 0x[0-9a-f]{16}/, frames[i]?.trim() ?? "") : line,
    )
    .join("\n");
}

describe.each(cases)("$kernel $name: its report read as text", ({ kernel, name }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mhi-hil-truth-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("gives the same events and losses", async () => {
    const path = join(folder, "report.txt");
    writeFileSync(path, textOf(kernel, `${stem(name)}.report.txt`));
    const binary = await readAll(pathOf(kernel, name));
    const text = await readAll(path);
    const driver = ({ event, clock }: Row) => ({ ...event, tNs: clock });
    const mhi = (rows: readonly Row[]) =>
      byClock(
        rows.filter(({ event }) => isMhiEvent(event)),
        rowKey,
      ).map(driver);
    expect(mhi(text.rows)).toEqual(mhi(binary.rows));
    expect(text.rows.length).toBe(binary.rows.length);
    const loss = ({ cpu, lost, fromNs, toNs, reason }: Gap) => ({ cpu, lost, fromNs, toNs, reason });
    expect(inOrder(text.gaps).map(loss)).toEqual(inOrder(binary.gaps).map(loss));
  });
});
