/** Signature and known failure in every report. */
import pc from "picocolors";
import { beforeAll, describe, expect, test } from "vitest";
import { knownById } from "../../harness/judge/known/index.ts";
import type { KnownText } from "../../harness/record/known-text.ts";
import type { FindingRecord, RunRecord } from "../../harness/record/schema.ts";
import { testLine } from "../../reports/console.ts";
import { renderHtml } from "../../reports/html/render.ts";
import { renderJunit } from "../../reports/junit.ts";
import { fixtureRun, testOf } from "./support/fixture.ts";
import { hostileRun } from "./support/hostile.ts";
import { bundledPage } from "./support/page-script.ts";

const plain = pc.createColors(false);
const SIGNATURE = "S-0123abcd";
const KNOWN = { id: "F29", name: "context lost over suspend", evidence: ["trace: given up <straight> from M3"] };

let script = "";
beforeAll(async () => {
  script = await bundledPage();
});

function failedWith(extra: Partial<FindingRecord>): RunRecord {
  const run = fixtureRun();
  const failed = testOf(run, "fail");
  const [finding] = failed.findings;
  if (!finding) throw new Error("fixture without finding");
  return { ...run, tests: [{ ...failed, findings: [{ ...finding, ...extra }] }] };
}

describe("the console", () => {
  const linesOf = (extra: Partial<FindingRecord>, earlier = false): string[] =>
    testLine(testOf(failedWith(extra), "fail"), plain, (signature) =>
      earlier && signature === SIGNATURE ? { count: 2, lastDay: "2026-11-20", lastRig: "rack-3" } : undefined,
    );

  test("a known failure by its name, and when it was met before", () => {
    expect(linesOf({ signature: SIGNATURE, known: KNOWN }).at(-1)).toBe(
      "          known as   F29 context lost over suspend",
    );
    expect(linesOf({ signature: SIGNATURE, known: KNOWN }, true).at(-1)).toBe(
      "          known as   F29 context lost over suspend (2 earlier, last 2026-11-20 on rack-3)",
    );
  });

  test("one without a name by its signature", () => {
    expect(linesOf({ signature: SIGNATURE }).at(-1)).toBe("          signature  S-0123abcd");
    expect(linesOf({ signature: SIGNATURE }, true).at(-1)).toBe(
      "          signature  S-0123abcd (2 earlier, last 2026-11-20 on rack-3)",
    );
  });
});

describe("the page", () => {
  const page = (extra: Partial<FindingRecord>): string =>
    renderHtml(failedWith(extra), { script, known: knownById }).replace(script, "");

  test("symptom, remedy with its source, and what tells it", () => {
    const html = page({ signature: SIGNATURE, known: KNOWN });
    expect(html).toContain("<dt>signature</dt><dd>S-0123abcd</dd>");
    expect(html).toContain("known as <b>F29</b> context lost over suspend");
    expect(html).toContain("<dt>symptom</dt><dd>after resume the modem is gone");
    expect(html).toContain("trace: given up &lt;straight&gt; from M3");
    const links = [...html.matchAll(/href="(https:[^"]*)"/g)].map((match) => match[1]);
    expect(links).toEqual(["https://git.kernel.org/linus/7389337f0a78", "https://git.kernel.org/linus/8562d4fe34a3"]);
  });

  test("the cause once: what the log told stands before the general one", () => {
    const cause = knownById("F29")?.cause ?? "";
    const count = (html: string): number => html.split("<dt>cause</dt>").length - 1;
    expect(count(page({ known: KNOWN, cause }))).toBe(1);
    expect(count(page({ known: KNOWN, cause: "the log says why" }))).toBe(2);
  });

  test("an id of another version is told, without a link", () => {
    const html = page({ known: { id: "F99", name: "of tomorrow" } });
    expect(html).toContain("known as <b>F99</b> of tomorrow");
    expect(html).toContain("this version knows nothing of it");
    expect(html).not.toMatch(/https:/);
  });

  test("only https leads out, and no text of a record becomes markup", () => {
    const evil: KnownText = {
      id: "F29",
      name: "x",
      symptom: "<img src=x>",
      cause: "<b>",
      remedy: [
        { text: "<i>", source: "javascript:alert(1)" },
        { text: "plain", source: "http://example.org/" },
      ],
    };
    const run = hostileRun();
    const html = renderHtml(run, { script, known: () => evil }).replace(script, "");
    expect(html).not.toMatch(/<img|<i>|href="(?:javascript|http):/);
  });
});

describe("JUnit", () => {
  test("signature and name are properties of the case", () => {
    const xml = renderJunit(failedWith({ signature: SIGNATURE, known: KNOWN }));
    const [, failed = ""] = xml.split("<testcase ");
    expect(failed).toContain('<property name="signature" value="S-0123abcd"/>');
    expect(failed).toContain('<property name="known" value="F29 context lost over suspend"/>');
    expect(failed.indexOf("<properties>")).toBeLessThan(failed.indexOf("<failure"));
    expect(failed).toContain("known as   F29 context lost over suspend");
    expect(renderJunit(fixtureRun()).split("<testcase ")[1]).not.toContain("<properties>");
  });
});
