import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { markup } from "../../reports/escape.ts";
import { renderJunit } from "../../reports/junit.ts";
import { fixtureRun, testOf } from "./support/fixture.ts";

const cases = (xml: string): string[] => xml.split("<testcase ").slice(1);

describe("JUnit", () => {
  test("a product failure is <failure>; missing evidence and a failed lab are <error> with their type", () => {
    const xml = renderJunit(fixtureRun());
    expect(xml).toContain(
      '<testsuite name="mhi-hil virtual-sdx55" timestamp="2026-11-23T19:04:11" time="61.000" tests="6" failures="1" errors="2" skipped="0">',
    );
    const [boot = "", , s3 = "", gap = "", , infra = ""] = cases(xml);
    expect(boot).not.toMatch(/<failure|<error/);
    expect(s3).toContain('<failure message="resume: the device had lost its context" type="scenario/suspend">');
    expect(s3).toContain("expected   M3_EXIT, then M0 within 8 s");
    expect(gap).toContain(
      '<error message="resume not judged: the trace stream was lost in its window" type="inconclusive">',
    );
    expect(infra).toContain('type="infra"');
  });

  test("skipped and flaky are told", () => {
    const run = fixtureRun();
    const base = testOf(run, "pass");
    const skipped = { ...base, outcome: "skipped" as const, summary: "no RDDM here" };
    const flaky = { ...base, outcome: "flaky" as const, summary: "first try: no M0", attempt: 1 };
    const xml = renderJunit({ ...run, tests: [skipped, flaky] });
    expect(xml).toContain('<skipped message="no RDDM here"/>');
    expect(xml).toContain("(attempt 2)");
    expect(xml).toContain("flaky: first try: no M0");
    expect(xml).toContain('tests="2" failures="0" errors="0" skipped="1"');
  });

  test("hostile text stays text and the file stays XML", () => {
    const run = fixtureRun();
    const nasty = "]]></failure><x a='\"&\u0000\u001b\ud800\uffff>";
    const failed = { ...testOf(run, "fail"), title: nasty, summary: nasty, story: nasty };
    const xml = renderJunit({ ...run, tests: [failed], trouble: [nasty] });
    expect(xml).not.toContain("<x ");
    expect(xml).not.toMatch(forbiddenInXml);
    expect(elementNames(xml)).toEqual([
      "testsuites",
      "testsuite",
      "properties",
      "property",
      "testcase",
      "failure",
      "system-out",
      "system-err",
    ]);
  });

  test("whatever the text, its markup has no character that XML forbids and says the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = markup(text);
        expect(escaped).not.toMatch(forbiddenInXml);
        expect(escaped.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.toMatch(/[&<>"']/);
      }),
    );
  });

  test.skipIf(!hasXmllint())("xmllint reads it (skipped where there is none)", () => {
    execFileSync("xmllint", ["--noout", "-"], { input: renderJunit(fixtureRun()) });
  });
});

const forbiddenInXml =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const elementNames = (xml: string): string[] => [
  ...new Set([...xml.matchAll(/<([a-z-]+)/g)].map((match) => match[1] ?? "")),
];

function hasXmllint(): boolean {
  try {
    execFileSync("xmllint", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
