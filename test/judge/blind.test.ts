/** A trace that cannot show some kinds of events: what is not there is held against nobody. */
import { describe, expect, it } from "vitest";
import { type Evidence, type Scenario, scenario } from "../../harness/judge/index.ts";
import { judge } from "../../harness/judge/verdict.ts";
import { familyOn } from "../../harness/mhi/families/family.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { SourceFacts } from "../../harness/trace/probe/source-choice.ts";
import { assemble, recordedEvents } from "../trace/probe/recorded.ts";

const KERNEL = "6.1.0-50-amd64";
const family = familyOn(sdx55, KERNEL);
const MESSAGES: SourceFacts = {
  name: "dynamic-debug",
  unseen: ["PM transitions", "data events", "queued buffers"],
  blindTo: ["pm", "data", "tre"],
};
const messages = assemble(await recordedEvents("linux-6.1-dynamic-debug"), "all").made;
const probes = assemble(await recordedEvents("linux-6.1-kprobe"), "unprobed").made;

const evidence = (events: readonly TraceEvent[], source?: SourceFacts): Evidence => ({
  kernel: KERNEL,
  events,
  gaps: [],
  dmesg: [],
  fromNs: events[0]?.tNs ?? 0,
  toNs: (events.at(-1)?.tNs ?? 0) + 1e12,
  ...(source && { source }),
});
const followed = (events: readonly TraceEvent[], source: SourceFacts | undefined, wanted: Scenario) =>
  judge(evidence(events, source), { family, scenario: wanted });

describe("6.1 by kprobes, which see all", () => {
  it("is judged as by the driver's own events: boot passes, with its figures", () => {
    const verdict = followed(probes, { name: "kprobes", unseen: [], blindTo: [] }, scenario.boot(family));
    expect(verdict.findings).toEqual([]);
    expect(verdict.outcome).toBe("pass");
    expect(verdict.measures.map(({ name }) => name)).toEqual(["POR", "M0", "AMSS"]);
  });

  it("fails where the device's M0 is not there", () => {
    const lost = probes.filter((event) => !(event.kind === "ring" && event.type === 0x20 && event.code === 2));
    expect(followed(lost, undefined, scenario.boot(family)).outcome).toBe("fail");
  });
});

describe("6.1 by messages alone", () => {
  it("follows the steps that it can show, and says once that the rest is not judged", () => {
    const verdict = followed(messages, MESSAGES, scenario.boot(family));
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.findings).toEqual([
      expect.objectContaining({
        rule: "evidence",
        title:
          "followed as far as the trace shows it; not judged, for it cannot see PM transitions, data events, queued buffers",
      }),
    ]);
    expect(verdict.undecided).toBeUndefined();
    expect(verdict.steps).toContain("device reports M0");
    expect(verdict.steps).not.toContain("PM POR");
  });

  it("would be blamed for what is not there, were the judge not told", () => {
    expect(followed(messages, undefined, scenario.boot(family)).outcome).toBe("fail");
  });

  it("does not pass a boot whose visible steps are missing, and does not fail it either", () => {
    const lost = messages.filter((event) => !(event.kind === "ring" && event.type === 0x40));
    const verdict = followed(lost, MESSAGES, scenario.boot(family));
    expect(verdict.outcome).toBe("inconclusive");
    expect(verdict.findings.map(({ rule }) => rule)).toContain("scenario/boot");
  });

  it("takes a state in which the driver spoke for no transition", () => {
    const said = messages.filter((event) => event.kind === "pm");
    expect(said.length).toBeGreaterThan(0);
    const verdict = followed(messages, { ...MESSAGES, blindTo: ["data", "tre"] }, scenario.boot(family));
    expect(verdict.steps).not.toContain("ok   PM");
    expect(verdict.findings.map(({ outcome }) => outcome)).not.toContain("fail");
  });
});

describe("families by kernel", () => {
  it("have the channels that the kernel's driver has", () => {
    const names = (kernel: string | undefined) => new Set(familyOn(sdx55, kernel).channels.map(({ name }) => name));
    expect(names("6.1.0-50-amd64").has("IP_SW0")).toBe(false);
    expect(names("6.12.117+deb13-amd64").has("IP_SW0")).toBe(true);
    expect(names("7.2.12").has("IP_SW0")).toBe(true);
    expect(names(undefined).has("IP_SW0")).toBe(true);
  });
});
