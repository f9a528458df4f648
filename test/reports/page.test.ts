/** The page as a reader has it: opened from a file in a real browser, driven by mouse, keyboard and link. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../../harness/record/schema.ts";
import { renderHtml } from "../../reports/html/render.ts";
import { findChromium } from "./support/chromium.ts";
import { fixtureRun, longRun, testOf } from "./support/fixture.ts";
import { hostileRun } from "./support/hostile.ts";
import { bundledPage } from "./support/page-script.ts";

/** The failing test, and a second boot that the controller saw begin 31 s after the first one's clock began. */
function twoBoots(): RunRecord {
  const run = fixtureRun();
  const failed = testOf(run, "fail");
  const [first] = failed.segments;
  if (!first) throw new Error("no segment");
  const offsetNs = (first.clock[0]?.controllerNs ?? 0) - (first.clock[0]?.hostNs ?? 0);
  const pm = (s: number, pmState: number) => ({
    kind: "pm" as const,
    tNs: s * 1e9,
    cpu: 0,
    controller: "mhi0",
    pmState,
  });
  const second = {
    ...first,
    bootId: "second",
    clock: [{ hostNs: 1e9, controllerNs: 32e9 + offsetNs, uncertaintyNs: 1e6 }],
    events: [pm(1.1, 1), pm(1.2, 2), pm(2, 4)],
    dmesg: [],
    gaps: [{ fromNs: 0, toNs: 1e9, reason: "host-down" as const }],
  };
  return { ...run, tests: [{ ...failed, segments: [first, second] }] };
}

const executablePath = findChromium();
const title =
  executablePath === undefined
    ? "the page in a browser: skipped, no Chromium here (install one, or name it in MHI_HIL_CHROMIUM)"
    : "the page in a browser";

describe.skipIf(executablePath === undefined)(title, () => {
  let browser: Browser;
  let page: Page;
  let folder = "";
  let script = "";
  const troubles: string[] = [];

  beforeAll(async () => {
    script = await bundledPage();
    folder = mkdtempSync(join(tmpdir(), "mhi-hil-page-"));
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
    });
  }, 60_000);
  afterEach(async () => {
    await page.close();
    expect(troubles).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  /** Opens a run; whatever the page complains of or asks the world for is a trouble of the test. */
  async function open(run: RunRecord, hash = "", colorScheme: "light" | "dark" = "light"): Promise<void> {
    const file = join(folder, "index.html");
    writeFileSync(file, renderHtml(run, { script }));
    troubles.length = 0;
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 }, colorScheme });
    page.on("console", (message) => troubles.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) troubles.push(request.url());
    });
    await page.goto(pathToFileURL(file).href + hash);
  }

  const canvas = () => page.locator("details[open] canvas").first();
  const readout = () => page.locator("details[open] .readout").first();
  const view = async (): Promise<readonly [number, number]> => {
    const text = await canvas().getAttribute("data-view");
    const [from = Number.NaN, to = Number.NaN] = (text ?? "").split(" ").map(Number);
    return [from, to];
  };
  const span = async (): Promise<number> => {
    const [from, to] = await view();
    return to - from;
  };
  const textOf = async (place: Locator): Promise<string> => (await place.textContent()) ?? "";
  const rowTexts = (): Promise<string[]> => page.locator("details[open] .list:not(.head) .row").allTextContents();

  test("a failing run opens on its failure: cursor, states and table stand at the failing place", async () => {
    await open(fixtureRun());
    expect(await textOf(readout().locator("b"))).toBe("12.026672 s");
    expect(await textOf(readout())).toContain("PM state LD_ERR_FATAL_DETECT");
    const at = page.locator("details[open] .row.at");
    expect(await textOf(at)).toMatch(/12\.026672[\s\S]*driver trace[\s\S]*LD_ERR_FATAL_DETECT/);
    expect(await at.getAttribute("class")).toContain("because");
  });

  test("states before the failing place are those of the recording", async () => {
    await open(fixtureRun(), `#test=${encodeURIComponent(testOf(fixtureRun(), "fail").id)}&t=9.5`);
    const states = await textOf(readout());
    expect(states).toContain("PM state M3 for");
    expect(states).toContain("MHI state M3 for");
    expect(states).toContain("EE AMSS for");
  });

  test("wheel zooms around the pointer, drag moves, double click shows all; at the widest the wheel is the page's", async () => {
    await open(fixtureRun());
    const whole = await span();
    await canvas().hover({ position: { x: 700, y: 150 } });
    const [from, to] = await view();
    const under = from + ((700 - 172) / (1318 - 172 - 12)) * (to - from);
    await page.mouse.wheel(0, -600);
    await expect.poll(span).toBeLessThan(whole / 2);
    const [near, far] = await view();
    expect(near).toBeLessThan(under);
    expect(far).toBeGreaterThan(under);

    await page.mouse.down();
    await page.mouse.move((await boxLeft()) + 500, (await boxTop()) + 150, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await view())[0]).toBeGreaterThan(near);

    await canvas().dblclick({ position: { x: 700, y: 150 } });
    await expect.poll(span).toBeCloseTo(whole, 6);
    const before = await page.evaluate<number>("scrollY");
    await page.mouse.wheel(0, 300);
    await expect.poll(() => page.evaluate<number>("scrollY")).toBeGreaterThan(before);
    expect(await span()).toBeCloseTo(whole, 6);
  });
  const boxLeft = async (): Promise<number> => (await canvas().boundingBox())?.x ?? 0;
  const boxTop = async (): Promise<number> => (await canvas().boundingBox())?.y ?? 0;

  test("keyboard: closer, aside, next event, back to the failure; the address follows", async () => {
    await open(fixtureRun());
    await canvas().focus();
    const whole = await span();
    await page.keyboard.press("+");
    await expect.poll(span).toBeLessThan(whole * 0.7);
    const [before] = await view();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(async () => (await view())[0]).toBeLessThan(before);
    await page.keyboard.press("n");
    await expect.poll(() => textOf(readout().locator("b"))).toBe("12.026849 s");
    expect(page.url()).toMatch(/#test=power-s3-slot-power-kept&t=12\.026849$/);
    await page.keyboard.press("p");
    await page.keyboard.press("p");
    await expect.poll(() => textOf(readout().locator("b"))).toBe("12.025700 s");
    await page.keyboard.press("f");
    await expect.poll(() => textOf(readout().locator("b"))).toBe("12.026672 s");
    await page.keyboard.press("0");
    await expect.poll(span).toBeCloseTo(whole, 6);
  });

  test("a measured distance is exact to the record", async () => {
    await open(fixtureRun());
    await canvas().focus();
    await page.keyboard.press("m"); // at 12.026672
    await page.locator("details[open] .row", { hasText: "12.114797" }).click();
    await expect.poll(() => textOf(readout())).toContain("from mark +88.13 ms");
  });

  test("the filter wants all words; witnesses can be put aside; the table can follow the axis", async () => {
    await open(fixtureRun());
    const counter = page.locator("details[open] .bar .quiet");
    const all = Number((await textOf(counter)).split(" ")[0]);
    await page.locator("details[open] input[type=search]").fill("pm state m3_enter");
    await expect.poll(() => textOf(counter)).toBe(`2 of ${all} events`);
    for (const row of await rowTexts()) expect(row).toContain("M3_ENTER");
    await page.getByRole("button", { name: "clear" }).first().click();
    for (const name of ["driver trace", "rig", "console", "dmesg", "gap"]) {
      await page.locator("details[open]").getByLabel(name, { exact: true }).uncheck();
    }
    for (const row of await rowTexts()) expect(row).toContain("device log");
    await page.locator("details[open]").getByLabel("only what the axis shows").check();
    await page.getByRole("button", { name: "zoom in" }).first().click();
    const deviceLines = testOf(fixtureRun(), "fail").device.length;
    await expect.poll(async () => Number((await textOf(counter)).split(" ")[0])).toBeLessThan(deviceLines);
  });

  test("a link opens its test at its time; one without a test finds the test that holds the time", async () => {
    await open(fixtureRun(), "#test=sys-err-sys-err-in-amss&t=5.785");
    const opened = page.locator("details.test", { hasText: "SYS_ERR in AMSS" });
    expect(await opened.getAttribute("open")).not.toBeNull();
    expect(await textOf(opened.locator(".readout"))).toContain("PM state SYS_ERR_PROCESS");
    await page.close();
    await open(fixtureRun(), "#t=3.58");
    expect(await textOf(page.locator("details.test.pass[open] .name"))).toBe("cold boot reaches mission mode");
    expect(await textOf(page.locator("details.test.pass[open] .readout b"))).toBe("3.580000 s");
  });

  test("a gap is told as missing evidence, and no state is claimed in it", async () => {
    const run = fixtureRun();
    await open({ ...run, tests: [testOf(run, "inconclusive")] }, "#t=10.5");
    const said = await textOf(readout());
    expect(said).toContain("evidence missing: stream-lost");
    expect(said).toMatch(/PM state not known.*MHI state not known.*EE not known/s);
  });

  test("two boots stand on one axis; the second one's own clock is told and is what its links name", async () => {
    await open(twoBoots(), "#test=power-s3-slot-power-kept&seg=1&t=1.25");
    const said = await textOf(readout());
    expect(said).toContain("32.250000 s"); // 1.25 s of the second boot, 31 s after the first one's clock began
    expect(said).toContain("boot 2: 1.250000 s");
    expect(said).toContain("PM state M0");
    await canvas().focus();
    await page.keyboard.press("p");
    await expect.poll(() => page.url()).toMatch(/&seg=1&t=1\.200000$/);
  });

  test("hostile text does nothing, in either colour scheme", async () => {
    await open(hostileRun(), "", "dark");
    await page.locator("details[open] input[type=search]").fill("onerror");
    await expect.poll(async () => (await rowTexts()).join("")).toContain("<img src=x");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
  });

  test("100,000 events: written and open within five seconds, any place of the list at once, only some rows exist", async () => {
    const run = longRun(fixtureRun(), 100_000);
    const begin = performance.now();
    await open(run);
    await canvas().waitFor();
    expect(performance.now() - begin).toBeLessThan(5000); // half a second on a quiet machine; QEMU may take its share
    const list = page.locator("details[open] .list:not(.head)");
    await list.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await expect.poll(async () => (await rowTexts()).at(-1)).toMatch(/^\s*\d{5}\.\d{6}/);
    expect(await page.locator("details[open] .row").count()).toBeLessThan(60);
  });

  test("a run of passes opens as a list; each test opens on its axis", async () => {
    const run = fixtureRun();
    await open({ ...run, tests: run.tests.filter((one) => one.outcome === "pass") });
    expect(await page.locator("canvas").count()).toBe(0);
    await page.locator("details.test summary").first().click();
    await canvas().waitFor();
    expect(await page.locator("canvas").count()).toBe(1);
  });

  test("a test without evidence says so", async () => {
    const run = fixtureRun();
    await open({ ...run, tests: [testOf(run, "infra")] });
    expect(await textOf(page.locator("details[open] .panel"))).toContain("no evidence was recorded");
  });
});
