/** Damage without end: what is told of it stays short, what is kept of it stays small, nothing of it is dropped. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CaseRunner } from "../fuzz/case-runner.ts";
import { buildTraceDat } from "../support/trace-dat-builder.ts";
import { buildRecord, HEADER_PAGE, pageOf } from "./page-builder.ts";

const folder = mkdtempSync(join(tmpdir(), "mhi-hil-bounds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const runner = new CaseRunner(folder);

const DATA = fileURLToPath(new URL("../data/trace/linux-6.12-sdx55/raw/", import.meta.url));
const FORMAT = readFileSync(`${DATA}mhi_tryset_pm_state.format`, "utf8");
const M0 = Number(/\{ (0x[0-9a-f]+|\d+), "M0" \}/i.exec(FORMAT)?.[1] ?? 16);

/** A page of PM records; those of a state that no table names cannot be read. */
const pmPage = (ns: number, states: readonly number[], controllerOf: (i: number) => string = () => "mhi0"): Buffer => {
  const records = states.map((state, i) =>
    buildRecord(FORMAT, { common_pid: 7, name: controllerOf(i), pm_state: state }),
  );
  return pageOf(HEADER_PAGE, BigInt(ns), records);
};

const datOf = (pages: readonly Buffer[]): Buffer =>
  buildTraceDat({
    version: 7,
    headerPage: HEADER_PAGE,
    formats: [{ system: "mhi_host", text: FORMAT }],
    buffers: [{ name: "", cpus: [{ cpu: 0, pages: Buffer.concat(pages) }] }],
  });

const read = (dat: Buffer) => runner.readFiles(new Map([["recording", dat]]), false);

interface ReadGap {
  readonly fromNs: number;
  readonly toNs: number;
  readonly reason: string;
  readonly lost?: number;
  readonly detail: string;
}
const gapsOf = (gaps: readonly string[]): ReadGap[] => gaps.map((gap) => JSON.parse(gap) as ReadGap);

test("four thousand damaged pages in a row are one gap, told in a few sentences", async () => {
  const bad = Buffer.alloc(4096, 0xff);
  const { events, gaps, violations } = await read(
    datOf([pmPage(1000, [M0]), ...Array.from({ length: 4000 }, () => bad), pmPage(9000, [M0])]),
  );
  expect(violations).toEqual([]);
  expect(events).toHaveLength(2);
  const [gap, ...others] = gapsOf(gaps);
  expect(others).toEqual([]);
  expect(gap).toMatchObject({ fromNs: 1000, toNs: 9000, reason: "damaged" });
  expect(gap?.detail).toMatch(/page at byte 4096: .*; and 3997 more up to the next record$/);
  expect(gap?.detail.length).toBeLessThan(1000);
});

test("twenty thousand records that cannot be read: each is counted in a gap, and the gaps are few", async () => {
  const states = Array.from({ length: 60 }, () => 0x7777);
  const pages = Array.from({ length: 334 }, (_, i) => pmPage(1000 + i, states));
  const { events, gaps, violations } = await read(datOf(pages));
  expect(violations).toEqual([]);
  expect(events).toHaveLength(334 * 60);
  const told = gapsOf(gaps);
  expect(told.reduce((sum, { lost = 0 }) => sum + lost, 0)).toBe(334 * 60);
  expect(told.length).toBeLessThan(2000);
  expect(Math.max(...told.map(({ toNs }) => toNs))).toBe(1000 + 333);
});

test("ten thousand controllers are no controllers: the first ones keep their names, the rest have one that says so", async () => {
  const pages = Array.from({ length: 200 }, (_, page) =>
    pmPage(
      1000 + page,
      Array.from({ length: 50 }, () => M0),
      (i) => `mhi${page * 50 + i}`,
    ),
  );
  const { events, violations } = await read(datOf(pages));
  expect(violations).toEqual([]);
  expect(events).toHaveLength(10_000);
  expect(events[4000]).toContain('"controller":"mhi4000"');
  expect(events[9000]).toContain('"controller":"(more than 4096 controllers)"');
});

test("pages of two CPUs in the same place are refused: one would be read as the other's", async () => {
  const pages = [pmPage(1000, [M0]), pmPage(2000, [M0])];
  const dat = buildTraceDat({
    version: 7,
    headerPage: HEADER_PAGE,
    formats: [{ system: "mhi_host", text: FORMAT }],
    buffers: [{ name: "", cpus: pages.map((page, cpu) => ({ cpu, pages: page })) }],
  });
  const whole = await read(dat);
  expect(whole.events).toHaveLength(2);
  const [first = Buffer.alloc(0)] = pages;
  const at = dat.indexOf(first);
  const sizes = Buffer.alloc(16);
  sizes.writeBigUInt64LE(BigInt(at), 0);
  sizes.writeBigUInt64LE(4096n, 8);
  dat.writeBigUInt64LE(8192n, dat.indexOf(sizes) + 8);
  const { error, violations } = await read(dat);
  expect(violations).toEqual([]);
  expect(error?.code).toBe("trace-damaged");
  expect(error?.message).toContain(`byte ${at}: pages of cpu0 at byte ${at}: expected them to end before cpu1`);
});
