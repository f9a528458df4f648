/** Binary recordings of test/data/trace that hold healthy runs. */
import { join } from "node:path";
import type { Evidence } from "../../harness/judge/evidence.ts";
import { inTurn, type Scenario, scenario } from "../../harness/judge/index.ts";
import { readRecording } from "../../harness/judge/recording/recording.ts";
import { type FamilyProfile, familyOn } from "../../harness/mhi/families/family.ts";
import { familyById } from "../../harness/mhi/families/index.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { type Healthy, QUIET_NS } from "./sources.ts";

const s = scenario;

/** Path below test/data/trace -> what happened in it. */
const RECORDINGS: Readonly<Record<string, (family: FamilyProfile) => Scenario>> = {
  // without the clients' modules; three ports were used side by side
  "linux-6.12-live": (family) => inTurn(s.unbind(family), s.boot(family, { clients: false })),
  "linux-6.1-kprobe": (family) =>
    inTurn(s.boot(family), s.runtimeSuspend(family), s.unbind(family), s.boot(family), s.runtimeSuspend(family)),
  "truth/linux-6.12/nominal.dat": (family) =>
    inTurn(
      s.boot(family),
      s.sysErrRecovery(family),
      s.systemSuspendResume(family),
      s.unbind(family),
      s.boot(family, { clients: false }),
      s.unbind(family),
    ),
  "truth/linux-7.2/nominal.dat": (family) =>
    inTurn(
      s.boot(family),
      s.systemSuspendResume(family),
      s.sysErrRecovery(family),
      s.unbind(family),
      s.boot(family, { clients: false }),
      s.unbind(family),
    ),
};

export async function recordedSources(root: string): Promise<Healthy[]> {
  const sources: Healthy[] = [];
  for (const [path, make] of Object.entries(RECORDINGS)) {
    const recording = await readRecording(await openTrace(join(root, "test/data/trace", path)));
    const { kernel = "unknown", source, events, gaps, log, fromNs, toNs } = recording;
    const family = familyOn(familyById("sdx55"), kernel);
    const wanted = make(family);
    const evidence: Evidence = { kernel, source, events, gaps, dmesg: log, fromNs, toNs: toNs + QUIET_NS };
    sources.push({ name: path, scenario: "several", evidence, options: { family, scenario: wanted } });
  }
  return sources;
}
