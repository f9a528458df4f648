/**
 * The forms in which one kernel and one trace-cmd print the same buffer, each against the pages of that buffer
 * (extract.dat): the same events in the same order, as exactly as the form prints them.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isMhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import { KERNELS, type Opened, pathOf, type Row, readAll, textOf } from "./truth-support.ts";

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-truth-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readText(kernel: string, name: string): Promise<Opened> {
  const path = join(folder, `${kernel}-${name}.txt`);
  writeFileSync(path, textOf(kernel, `text/${name}.txt`));
  return readAll(path);
}

const US = 1000n;
const nearestUs = (ns: bigint): bigint => (ns + US / 2n) / US;

interface Form {
  readonly name: string;
  /** Pointers of ring elements are printed as hashes. */
  readonly hashed?: boolean;
  /** The kernel prints markers as `UNKNOWN TYPE 5`. */
  readonly noMarkers?: boolean;
  /** Times count from the first event. */
  readonly relative?: boolean;
}

const FORMS: readonly Form[] = [
  ...["trace", "trace-no-tgid", "trace-no-irq-info", "report-us", "report-ts-diff", "report-raw"].map((name) => ({
    name,
  })),
  { name: "trace-fields", noMarkers: true },
  { name: "trace-hashed", hashed: true },
  { name: "trace-latency", relative: true },
];

/** What a form can say of an event, and no more. */
function shown(event: TraceEvent, { hashed = false, noMarkers = false }: Form): object {
  const { tNs: _, buffer: __, ...said } = event;
  if (noMarkers && event.kind === "marker") return { kind: "other", name: "", cpu: event.cpu, pid: event.pid };
  if (event.kind === "other") return { kind: "other", name: event.name, cpu: event.cpu, pid: event.pid };
  if (hashed && "slot" in said) return { ...said, slot: "hashed" };
  return said;
}

describe.each(KERNELS)("%s", (kernel) => {
  let pages: Opened;
  beforeAll(async () => {
    pages = await readAll(pathOf(kernel, "extract.dat"));
  });

  test.each(FORMS)("$name", async (form) => {
    const text = await readText(kernel, form.name);
    const events = (rows: readonly Row[]) => rows.map(({ event }) => shown(event, form));
    expect(events(text.rows)).toEqual(events(pages.rows));
    expect(text.rows.filter(({ event }) => isMhiEvent(event)).length).toBeGreaterThan(40);
    expect(text.gaps).toEqual([]);
    const us = (rows: readonly Row[]) => {
      const times = rows.map(({ clock }) => nearestUs(clock));
      const since = form.relative ? (times[0] ?? 0n) : 0n;
      return times.map((time) => time - since);
    };
    const apart = us(text.rows).map((time, i) => Number(time - (us(pages.rows)[i] ?? 0n)));
    // the latency format cuts where the others round, and so does its first event
    expect(Math.max(...apart.map(Math.abs))).toBeLessThanOrEqual(form.relative ? 1 : 0);
  });

  test("trace and trace_pipe of one buffer say the same", async () => {
    const [trace, pipe] = [await readText(kernel, "pipe-trace"), await readText(kernel, "trace-pipe")];
    expect(pipe.rows.map(({ event }) => event)).toEqual(trace.rows.map(({ event }) => event));
    expect(pipe.rows.length).toBeGreaterThan(10);
  });

  test("the option raw leaves nothing to read events from: none are made up, and it is said", async () => {
    const raw = await readText(kernel, "trace-raw");
    expect(raw.rows).toEqual([]);
    expect(raw.info.notes.join()).toMatch(/\d+ lines of other output passed over/);
  });
});
