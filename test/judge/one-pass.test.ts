/** A recording that is heard in one pass gets the verdict of one that is held: on every recording that there is. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judgeRecording } from "../../harness/judge/recording/judge-recording.ts";
import type { ReadOptions } from "../../harness/judge/recording/recording.ts";
import { kernelLogOf } from "../../harness/trace/open/log-lines.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { root } from "../support/cli.ts";

const DATA = join(root, "test/data/trace");
const RECORDINGS = [
  "linux-6.12-live",
  "linux-6.1-kprobe",
  "linux-6.1-dynamic-debug",
  "linux-6.12-sdx55/trace.txt",
  "linux-6.12-sdx55/raw",
  "truth/linux-6.12/two-buffers.dat",
  "truth/linux-6.12/extract.dat",
  "truth/linux-6.12/nominal.dat",
  "truth/linux-6.12/overrun.dat",
  "truth/linux-7.2/nominal.dat",
  "truth/linux-7.2/mixed.dat",
  "console/01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind.guest.txt",
  "console/04-k6.12-S3-context-lost-recovery.guest.txt",
  "console/12-k6.12-qaic-boot-to-online.guest.txt",
];

async function verdicts(name: string, options: ReadOptions) {
  const path = join(DATA, name);
  const source = await openTrace(path);
  const log = async (originNs: bigint) => {
    const lines = [];
    if (!path.endsWith(".txt")) return [];
    for await (const { tNs, text } of kernelLogOf(path, originNs, () => true)) lines.push({ tNs, level: 6, text });
    return lines;
  };
  try {
    const { recording, checked } = await judgeRecording(source, { log, ...options });
    return {
      counted: recording.counted,
      family: recording.family.family.id,
      checked: checked.map(({ controller, outcome, verdict, findings, coverage, evidence }) => ({
        controller,
        outcome,
        story: verdict.story,
        pm: [...coverage.pm].sort(),
        ee: [...coverage.ee].sort(),
        findings: findings.map(({ because, ...finding }) => ({
          ...finding,
          because: because.map((index) => evidence.events[index]?.tNs),
        })),
      })),
    };
  } finally {
    source.close();
  }
}

describe("heard in one pass", () => {
  test.each(RECORDINGS)("%s", async (name) => {
    const held = await verdicts(name, {});
    const heard = await verdicts(name, { maxHeld: 0 });
    expect(held.checked.length).toBeGreaterThan(0);
    expect(heard).toEqual(held);
  });
});
