import { expect, test } from "vitest";
import { type Scenario, scenario, type Verdict } from "../../harness/judge/index.ts";
import { familyById } from "../../harness/mhi/families/index.ts";
import { explainVerdict } from "../../harness/runner/matchers/explain-verdict.ts";

const boot: Scenario = scenario.boot(familyById("sdx55"));
const finding: Verdict["findings"][number] = {
  rule: "scenario/boot",
  outcome: "fail",
  title: "boot: the device never became READY",
  expected: "PM state POWER ON RESET within 8 s",
  found: "none",
  segment: 0,
  atNs: 0,
  because: [],
};
const verdict = (extra: Partial<Verdict>): Verdict => ({
  outcome: "fail",
  findings: [],
  story: "",
  measures: [],
  allowed: [],
  ...extra,
});

test("the finding, its cause, the steps, and what else was found", () => {
  const text = explainVerdict(
    boot,
    verdict({
      findings: [
        { ...finding, cause: "the image was not taken" },
        { ...finding, title: "a second one" },
      ],
      steps: "  ok  worker PBL\n  --  PM POR",
    }),
    false,
  );
  expect(text.split("\n")).toEqual([
    "boot: the device never became READY",
    "  expected  PM state POWER ON RESET within 8 s",
    "  found     none",
    "  cause     the image was not taken",
    "",
    `steps of "${boot.title}":`,
    "  ok  worker PBL",
    "  --  PM POR",
    "",
    "also: a second one",
  ]);
});

test("without a cause, steps or any finding it says no more than it knows", () => {
  expect(explainVerdict(boot, verdict({ findings: [finding] }), false).split("\n")).toHaveLength(3);
  expect(explainVerdict(boot, verdict({}), false)).toBe(`the trace does not follow "${boot.title}"`);
});

test("turned round", () => {
  expect(explainVerdict(boot, verdict({ outcome: "pass" }), true)).toBe(
    `expected the trace not to follow "${boot.title}", and it did`,
  );
});
