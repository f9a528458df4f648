/** The record of a run on the virtual rig -> a healthy file: the tests that passed, each after all that its boot saw before. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunRecord, runRecordSchema, type SegmentRecord } from "../../harness/record/schema.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { Boot, HealthyFile, Window } from "./healthy-file.ts";

export function healthyRun(folder: string): HealthyFile {
  const run = runRecordSchema.parse(JSON.parse(readFileSync(join(folder, "run.json"), "utf8")));
  return { family: run.rig.family, ...bootsOf(run) };
}

function bootsOf(run: RunRecord): Pick<HealthyFile, "boots" | "windows"> {
  const boots: Boot[] = [];
  const windows: Window[] = [];
  /** By the boot's place in `boots`. */
  const ids: (string | undefined)[] = [];
  for (const test of run.tests) {
    // what did not pass is no history for those that follow
    if (test.outcome !== "pass") {
      ids.length = 0;
      continue;
    }
    for (const segment of test.segments) {
      if (!ids.includes(segment.bootId)) {
        ids[boots.length] = segment.bootId;
        boots.push({ kernel: segment.kernel, ...sourceOf(segment), events: [], gaps: [], dmesg: [] });
      }
      const at = ids.indexOf(segment.bootId);
      const boot = boots[at];
      const window = boot && addTo(boot, segment);
      if (window) windows.push({ title: test.title, boot: at, ...window });
    }
  }
  return { boots, windows };
}

const sourceOf = ({ source }: SegmentRecord): Pick<Boot, "source"> =>
  source
    ? { source: { name: source.name, unseen: source.unseen, ...(source.blindTo && { blindTo: source.blindTo }) } }
    : {};

/** A test's part of a boot begins where that of the test before it ended, so that events at the seam are in both. */
function addTo(boot: Boot, segment: SegmentRecord): { fromNs: number; toNs: number } | undefined {
  const events = segment.events as unknown as readonly TraceEvent[];
  const [first] = events;
  const last = events.at(-1);
  if (!first || !last) return undefined;
  const knownNs = boot.events.at(-1)?.tNs ?? Number.NEGATIVE_INFINITY;
  boot.events.push(...events.filter(({ tNs }) => tNs > knownNs));
  boot.gaps.push(...(segment.gaps as readonly Gap[]));
  const toldNs = boot.dmesg.at(-1)?.tNs ?? Number.NEGATIVE_INFINITY;
  boot.dmesg.push(...segment.dmesg.filter(({ tNs }) => tNs > toldNs));
  return { fromNs: first.tNs, toNs: Math.max(last.tNs, segment.dmesg.at(-1)?.tNs ?? 0) };
}
