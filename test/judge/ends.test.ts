/** A test must never wait for ever: whatever the host does or leaves, every scenario comes to an end by time alone. */
import { describe, expect, it } from "vitest";
import { type Scenario, scenario } from "../../harness/judge/index.ts";
import { Matcher } from "../../harness/judge/matcher.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { k10, k20 } from "./support.ts";

const scenarios: readonly Scenario[] = [
  ...[
    scenario.boot,
    scenario.bind,
    scenario.unbind,
    scenario.removeAndRescan,
    scenario.runtimeSuspend,
    scenario.runtimeResume,
    scenario.systemSuspendResume,
    scenario.contextLostResume,
    scenario.offOverSleep,
    scenario.sysErrRecovery,
    scenario.deviceGone,
    scenario.unplugged,
    scenario.hotPlug,
  ].map((make) => make(sdx55)),
  ...[scenario.channelOpen, scenario.channelClose, scenario.channelOpenClose, scenario.echo].map((make) =>
    make(sdx55, "DIAG"),
  ),
];

const HOUR_NS = 3600e9;

describe("every scenario ends", () => {
  it.each(scenarios.map((entry) => [entry.id, entry] as const))("%s, wherever the trace stops", (_id, { pattern }) => {
    for (const { events } of [k20(), k10()]) {
      const begins = events.flatMap((event, at) => (event.kind === "pm" ? [at] : []));
      for (const from of [0, ...begins]) {
        for (const length of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]) {
          const matcher = new Matcher(pattern, { fromNs: events[from]?.tNs ?? 0 });
          for (let at = from; at < Math.min(from + length, events.length); at++) {
            const event = events[at];
            if (event) matcher.feed(event, at);
          }
          matcher.advance((events[from]?.tNs ?? 0) + HOUR_NS);
          const where = `from ${from}, ${length} events: waiting for ${matcher.waitingFor}`;
          expect(matcher.state, where).not.toBe("pending");
        }
      }
    }
  });
});
