import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FAULTS } from "../../../harness/endpoint/faults/index.ts";
import { judge, KNOWN_FAILURES, knownById, knownIn, scenario } from "../../../harness/judge/index.ts";
import { knownSignature, NOT_SHOWN } from "../../../harness/judge/known/index.ts";
import { isFixed } from "../../../harness/judge/known/known-failure.ts";
import { sdx55 } from "../../../harness/mhi/families/qualcomm.ts";
import { cases } from "../cases.ts";
import { ALSO, SPECIMENS } from "./evidence.ts";

const idsIn = (...args: Parameters<typeof knownIn>): string[] => knownIn(...args).map((match) => match.failure.id);

describe("recognised by name", () => {
  it.each([...SPECIMENS.map(({ is }) => is), ...ALSO].map((is) => [is.id, is.what, is] as const))(
    "%s: %s",
    (id, _what, { evidence, family }) => {
      const [first] = knownIn(evidence, family);
      expect(first?.failure.id).toBe(id);
      expect(first?.evidence.length).toBe(first?.score);
      expect(first?.evidence.join()).not.toMatch(/undefined|NaN/);
    },
  );

  it.each(SPECIMENS.flatMap(({ not }) => not.map((miss) => [miss.id, miss.what, miss] as const)))(
    "not %s: %s",
    (id, _what, { evidence, family }) => {
      expect(idsIn(evidence, family)).not.toContain(id);
    },
  );

  it("has a specimen and a near miss for each", () => {
    expect(SPECIMENS.map(({ is }) => is.id)).toEqual(KNOWN_FAILURES.map(({ id }) => id));
    for (const { not } of SPECIMENS) expect(not.length).toBeGreaterThan(0);
  });

  it("names one failure one way: no specimen is a second one's with as much evidence", () => {
    for (const { is } of SPECIMENS) {
      const [first, second] = knownIn(is.evidence, is.family);
      if (second)
        expect([is.id, first?.score, second.failure.id]).not.toEqual([is.id, second.score, second.failure.id]);
    }
  });
});

describe("recordings of real kernels", () => {
  it("nothing is recognised in a healthy one, and in the others what was brought about", () => {
    const found = cases.map(({ name, evidence, options }) => [name.slice(0, 2), idsIn(evidence, options.family)]);
    expect(found).toEqual([
      ["01", []],
      ["04", ["F29"]],
      ["10", ["F12"]],
      ["12", []],
      ["20", ["F29"]],
    ]);
  });

  it("what a scenario brought about on purpose is not told", () => {
    for (const { evidence, options } of cases) {
      const { findings, allowed } = judge(evidence, options);
      expect(knownIn(evidence, options.family, { findings, allowed })).toEqual([]);
    }
  });

  it("the finding bears the name, and what tells it", () => {
    const lost = cases.find(({ name }) => name.startsWith("04"));
    if (!lost) throw new Error("no such case");
    const { findings } = judge(lost.evidence, { family: lost.options.family });
    expect(findings.map((finding) => finding.known?.id)).toEqual(["F29"]);
    expect(findings[0]?.known?.name).toBe("context lost over suspend");
    expect(findings[0]?.known?.evidence?.[0]).toMatch(/^trace: given up straight from M3/);
    expect(knownIn(lost.evidence, lost.options.family, { findings })).toEqual([]);
  });

  it("a finding far from it does not bear it", () => {
    const lost = cases.find(({ name }) => name.startsWith("04"));
    if (!lost) throw new Error("no such case");
    const { events } = lost.evidence;
    const start = events.findIndex((event) => event.kind === "chan");
    // a command without its end, seconds before the suspend
    const broken = { ...lost.evidence, events: events.filter((_, index) => index !== start) };
    const { findings } = judge(broken, { family: lost.options.family });
    const early = findings.find((finding) => /ended that had not begun|nobody|without/.test(finding.title));
    expect(early?.atNs).toBeLessThan(7e9);
    expect(early?.known).toBeUndefined();
  });
});

describe("a failure that no finding bears", () => {
  it("has a signature of its own, the same with more evidence or less", () => {
    const of = (id: string, patch: number) => {
      const found = [...SPECIMENS.map(({ is }) => is), ...ALSO].filter((is) => is.id === id);
      return found.map(({ evidence, family }) => {
        const [match] = knownIn(evidence, family);
        return match && knownSignature(match, family, `6.12.${patch}`);
      });
    };
    expect(new Set([...of("F01", 1), ...of("F01", 117)]).size).toBe(1);
    expect(of("F24", 1)[0]).not.toBe(of("F01", 1)[0]);
  });
});

describe("the list", () => {
  const all = [...KNOWN_FAILURES.map(({ id }) => id), ...NOT_SHOWN.map(({ id }) => id)].sort();

  it("holds F01 to F31, each once, as recognised or as not shown", () => {
    expect(all).toEqual(Array.from({ length: 31 }, (_, at) => `F${String(at + 1).padStart(2, "0")}`));
  });

  it("has every file of the folder", () => {
    const files = readdirSync(new URL("../../../harness/judge/known/", import.meta.url));
    const numbered = files.flatMap((file) => /^f(\d\d)-/.exec(file)?.[1] ?? []).map((number) => `F${number}`);
    expect(numbered.sort()).toEqual(KNOWN_FAILURES.map(({ id }) => id).sort());
  });

  it("gives a remedy with an https source for each", () => {
    for (const { id, remedy, symptom, cause, name } of KNOWN_FAILURES) {
      expect(remedy.length, id).toBeGreaterThan(0);
      for (const { source } of remedy) expect(new URL(source).protocol, id).toBe("https:");
      expect(symptom && cause && name, id).toBeTruthy();
    }
    for (const { source } of NOT_SHOWN) expect(new URL(source).protocol).toBe("https:");
    expect(knownById("F29")?.name).toBe("context lost over suspend");
    expect(knownById("F99")).toBeUndefined();
  });

  it("names only faults and scenarios that exist", () => {
    const scenarios = [scenario.contextLostResume(sdx55), scenario.sysErrRecovery(sdx55), scenario.boot(sdx55)];
    const known = [...FAULTS.map(({ name }) => `--fault ${name}`), ...scenarios.map(({ id }) => id)];
    for (const { scenario: reproduced, id } of KNOWN_FAILURES) {
      if (reproduced !== undefined) expect(known, id).toContain(reproduced);
    }
    expect(knownById("F01")).toMatchObject({ scenario: "--fault ready-never" });
  });
});

describe("kernels with the fix", () => {
  it.each([
    ["6.12.18", ["6.12.19"], false],
    ["6.12.19-amd64", ["6.12.19"], true],
    ["6.9.1", ["6.12.19"], false],
    ["7.2.12-amd64", ["6.12.19"], true],
    ["6.6.83", ["6.6.83", "6.12.19"], true],
    ["6.6.82", ["6.6.83", "6.12.19"], false],
    ["6.10.2", ["6.10"], true],
    ["unknown", ["6.10"], false],
    ["6.12.1", [], false],
  ] as const)("%s of %j: %s", (release, fixedIn, fixed) => {
    expect(isFixed(release, fixedIn)).toBe(fixed);
  });
});
