import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { TestRecord } from "../../harness/record/schema.ts";
import { jsonBlock } from "../../reports/escape.ts";
import { Kind, type TestData } from "../../reports/html/data.ts";
import { encodeTest } from "../../reports/html/encode.ts";
import { renderHtml } from "../../reports/html/render.ts";
import { fixtureRun, longRun, testOf } from "./support/fixture.ts";
import { hostileRun } from "./support/hostile.ts";
import { bundledPage } from "./support/page-script.ts";

let script = "";
beforeAll(async () => {
  script = await bundledPage();
});

const count = (text: string, part: string): number => text.split(part).length - 1;
const blocks = (html: string): string[] =>
  [...html.matchAll(/<script type="application\/json" id="data-\d+">(.*?)<\/script>/gs)].map((match) => match[1] ?? "");

describe("the page", () => {
  test("asks for nothing: no source, link or import leads out of the file", () => {
    const html = renderHtml(fixtureRun(), { script });
    const outside = html
      .replace(script, "")
      .match(/\b(?:src|srcset|poster|data|action)\s*=|@import|url\(|<link|<iframe|https?:/g);
    expect(outside).toBeNull();
    expect(html).toContain("default-src 'none'");
  });

  test("its policy names exactly the script and the style that it carries", () => {
    const html = renderHtml(fixtureRun(), { script });
    const sha = (text: string): string => createHash("sha256").update(text).digest("base64");
    const code = /<script>(.*)<\/script>\n<\/body>/s.exec(html)?.[1] ?? "";
    const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? "";
    expect(html).toContain(`script-src 'sha256-${sha(code)}'`);
    expect(html).toContain(`style-src 'sha256-${sha(style)}'`);
    expect(html).not.toMatch(/unsafe|\sstyle=|\son[a-z]+=/);
  });

  test("text from outside is text, wherever it stands", () => {
    const html = renderHtml(hostileRun(), { script });
    expect(count(html, "<img")).toBe(0);
    expect(count(html, "<!--")).toBe(0);
    expect(count(html, "\u001b")).toBe(0);
    expect(count(html, "\u202e")).toBe(0);
    // names, one test, the page's own
    expect(count(html, "<script")).toBe(3);
    expect(count(html, "</script")).toBe(3);
    const links = [...html.matchAll(/href="([^"]*)"/g)]
      .map((match) => match[1])
      .filter((href) => !href?.startsWith("#"));
    expect(links.map((href) => /^\.\/%3C|^\.\/evidence\/a%20b\.log$/.test(href ?? ""))).toEqual([true, true]);
  });

  test("a data block says what was put in, for any value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = jsonBlock(value);
        expect(text).not.toContain("<");
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("what needs a person comes first and is open; a failure is told before any script runs", () => {
    const html = renderHtml(fixtureRun(), { script });
    const order = [...html.matchAll(/<details class="test (\w+)"[^>]*?( open)?>/g)].map(
      (match) => `${match[1]}${match[2] ?? ""}`,
    );
    expect(order).toEqual(["fail open", "infra", "inconclusive", "pass", "pass", "pass"]);
    expect(html).toContain("<dt>expected</dt><dd>M3_EXIT, then M0 within 8 s</dd>");
    expect(html).toMatch(
      /12\.026672<\/td><td>\+4\.82 s<\/td><td>PM state<\/td><td>LD_ERR_FATAL_DETECT {2}\(Linkdown or Error Fatal Detect\)/,
    );
  });

  test("100,000 events are a few megabytes, written in seconds", () => {
    const begin = performance.now();
    const html = renderHtml(longRun(fixtureRun(), 100_000), { script });
    expect(html.length).toBeLessThan(6_000_000);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  test("a run without tests is a page too", () => {
    expect(renderHtml({ ...fixtureRun(), tests: [] }, { script })).toContain("no test ran");
  });
});

describe("the page's data", () => {
  test("holds every event at its own time, to the nanosecond", () => {
    const run = fixtureRun();
    const carried: TestData[] = blocks(renderHtml(run, { script })).map((text) => JSON.parse(text));
    for (const one of run.tests) {
      const data = carried.find((candidate) => candidate.id === one.id);
      for (const [index, segment] of one.segments.entries()) {
        const rows = data?.segments[index]?.rows ?? [];
        let atNs = data?.segments[index]?.baseNs ?? 0;
        const times = rows.map((row) => {
          atNs += Number(row[0]);
          return atNs;
        });
        expect(times).toEqual(segment.events.map((event) => event.tNs));
        expect(segment.events.length).toBeGreaterThan(0);
      }
    }
  });

  test("a field that is missing or of the wrong type is told as unknown, not thrown", () => {
    const base = testOf(fixtureRun(), "pass");
    const segment = base.segments[0];
    if (!segment) throw new Error("no segment");
    const events: TestRecord["segments"][number]["events"] = [
      { kind: "pm", tNs: 5e9, cpu: 0 },
      { kind: "ring", tNs: 5e9, cpu: 0, ptr: 7, type: "x" },
    ];
    const rows = encodeTest({ ...base, segments: [{ ...segment, events }] }).segments[0]?.rows;
    expect(rows?.[0]).toEqual([0, Kind.PM, 0, -1, -1, -1]);
    expect(rows?.[1]).toEqual([0, Kind.RING, 0, -1, -1, 0, -1, -1, -1, -1, "", -1, -1]);
  });
});
