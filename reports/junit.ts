/**
 * JUnit XML for CI servers. A failure is the product's; missing evidence and a failed lab are `<error>`, each with its
 * type, so that no dashboard counts them as a product failure. A flaky test passes with its retry told in system-out.
 */
import type { RunRecord, TestRecord } from "../harness/record/schema.ts";
import { markup, oneLine } from "./escape.ts";

const MS_PER_S = 1000;

export function renderJunit(run: RunRecord): string {
  const attributes = {
    name: `mhi-hil ${run.rig.id}`,
    timestamp: run.startedAt.replace(/\.\d+Z$|Z$/, ""), // the schema of Jenkins' xunit plug-in allows no zone
    time: seconds(run.durationMs),
    ...totals(run.tests),
  };
  const body = run.tests.map((test) => testCase(run, test)).join("");
  const suite = element("testsuite", attributes, `\n${properties(run)}${body}${troubles(run)}`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, `\n${suite}`)}`;
}

const seconds = (ms: number): string => (ms / MS_PER_S).toFixed(3);

function totals(tests: readonly TestRecord[]): Record<string, number> {
  const count = (...outcomes: string[]): number => tests.filter((test) => outcomes.includes(test.outcome)).length;
  return {
    tests: tests.length,
    failures: count("fail"),
    errors: count("inconclusive", "infra"),
    skipped: count("skipped"),
  };
}

function properties(run: RunRecord): string {
  const facts: Record<string, string> = { run: run.id, host: run.rig.host, dut: run.rig.dut, ...run.versions };
  const entries = Object.entries(facts).map(([name, value]) => element("property", { name, value }));
  return element("properties", {}, `\n${entries.join("")}`);
}

function testCase(run: RunRecord, test: TestRecord): string {
  const title = test.attempt > 0 ? `${test.title} (attempt ${test.attempt + 1})` : test.title;
  const attributes = {
    classname: `${run.rig.id}.${test.area}`,
    name: title,
    file: test.file,
    time: seconds(test.durationMs),
  };
  const content = failureProperties(test) + verdict(test) + output(test);
  return element("testcase", attributes, content === "" ? undefined : `\n${content}`);
}

/** Of the first failure, so that a CI server can group by it. */
function failureProperties({ findings }: TestRecord): string {
  const signature = findings.find((finding) => finding.signature !== undefined)?.signature;
  const known = findings.find((finding) => finding.known !== undefined)?.known;
  const facts = [
    ...(signature === undefined ? [] : [{ name: "signature", value: signature }]),
    ...(known === undefined ? [] : [{ name: "known", value: `${known.id} ${known.name}` }]),
  ];
  if (facts.length === 0) return "";
  return element("properties", {}, `\n${facts.map((fact) => element("property", fact)).join("")}`);
}

function verdict(test: TestRecord): string {
  const message = oneLine(test.summary);
  if (test.outcome === "fail") return element("failure", { message, type: firstRule(test) }, markup(details(test)));
  if (test.outcome === "inconclusive" || test.outcome === "infra") {
    return element("error", { message, type: test.outcome }, markup(details(test)));
  }
  return test.outcome === "skipped" ? element("skipped", { message }) : "";
}

const firstRule = (test: TestRecord): string => test.findings[0]?.rule ?? "fail";

const details = (test: TestRecord): string =>
  test.findings
    .map((finding) => {
      const cause = finding.cause === undefined ? "" : `\n  cause      ${finding.cause}`;
      const known = finding.known ? `\n  known as   ${finding.known.id} ${finding.known.name}` : "";
      return `${finding.title}\n  expected   ${finding.expected}\n  found      ${finding.found}${cause}${known}\n`;
    })
    .join("");

function output(test: TestRecord): string {
  const lines = [test.outcome === "flaky" ? `flaky: ${test.summary}` : "", test.story, ...test.files];
  const text = lines.filter((line) => line !== "").join("\n");
  return text === "" ? "" : element("system-out", {}, markup(text));
}

const troubles = (run: RunRecord): string =>
  run.trouble.length === 0 ? "" : element("system-err", {}, markup(run.trouble.join("\n")));

function element(name: string, attributes: Readonly<Record<string, string | number>>, content?: string): string {
  const text = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${markup(oneLine(String(value)))}"`)
    .join("");
  return content === undefined ? `<${name}${text}/>\n` : `<${name}${text}>${content}</${name}>\n`;
}
