/** Each injected fault is judged as what it is: the verdict fails and names the fault's place. */
import { describe, expect, it } from "vitest";
import { runSuite } from "../support/cli.ts";

interface Case {
  readonly fault: string;
  readonly specs: readonly string[];
  /** Test that must fail, and what its verdict must say. */
  readonly title: string;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    fault: "m3-not-acked",
    specs: ["suites/power/system-suspend.spec.ts", "--grep", "power kept"],
    title: "S3, slot power kept",
    says: /suspend: device did not acknowledge M3/i,
  },
  {
    fault: "sys-err",
    specs: ["suites/power/runtime-pm.spec.ts"],
    title: "runtime suspend and resume",
    says: /SYS_ERR/,
  },
  {
    // gone and recovered before the test's first step: seen all the same
    fault: "sys-err:afterMs=60",
    specs: ["suites/power/runtime-pm.spec.ts"],
    title: "runtime suspend and resume",
    says: /SYS_ERR/,
  },
  {
    fault: "device-gone",
    specs: ["suites/power/runtime-pm.spec.ts"],
    title: "runtime suspend and resume",
    says: /(link|device) (lost|gone|died)/i,
  },
  {
    fault: "ready-never",
    specs: ["suites/boot/cold-boot.spec.ts"],
    title: "cold boot reaches mission mode",
    says: /READY/,
  },
  {
    fault: "command-completion-lost",
    specs: ["suites/boot/cold-boot.spec.ts"],
    title: "cold boot reaches mission mode",
    says: /channel 20 \(IPCR\): device did not complete START/,
  },
];

describe("an injected fault", () => {
  it.each(CASES)("$fault is named by the verdict", async ({ fault, specs, title, says }) => {
    const { run, result } = await runSuite([...specs, "--fault", fault]);
    expect(result.code, result.stderr).toBe(1);
    const test = run.tests.find((entry) => entry.title === title);
    expect(test?.outcome, JSON.stringify(run.tests)).toBe("fail");
    expect(test?.findings[0]?.title).toMatch(says);
  });
});
