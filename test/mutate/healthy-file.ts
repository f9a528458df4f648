/** What a run of the suites left behind, as small as it can be: boots of a host, and in them the windows that were judged. */
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { LogLine } from "../../harness/judge/evidence.ts";
import type { Gap, TraceEvent } from "../../harness/trace/mhi-events.ts";
import type { SourceFacts } from "../../harness/trace/probe/source-choice.ts";

export interface Boot {
  readonly kernel: string;
  readonly source?: SourceFacts;
  readonly events: TraceEvent[];
  readonly gaps: Gap[];
  readonly dmesg: LogLine[];
}

/** One test: its title in the suites, and its part of a boot, ns on that boot's clock. */
export interface Window {
  readonly title: string;
  readonly boot: number;
  readonly fromNs: number;
  readonly toNs: number;
}

export interface HealthyFile {
  readonly family: string;
  readonly boots: readonly Boot[];
  readonly windows: readonly Window[];
}

export const readHealthy = (path: string): HealthyFile =>
  JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as HealthyFile;

export const writeHealthy = (path: string, file: HealthyFile): void =>
  writeFileSync(path, gzipSync(JSON.stringify(file), { level: 9 }));
