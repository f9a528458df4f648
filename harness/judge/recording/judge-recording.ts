/** Recording in, verdicts out: the one door for whoever has a file and no rig. */
import type { TraceSource } from "../../trace/source.ts";
import { type Checked, type CheckOptions, check } from "./check.ts";
import { type ReadOptions, type Recording, readRecording } from "./recording.ts";

export interface JudgedRecording {
  readonly recording: Recording;
  /** One a controller. */
  readonly checked: readonly Checked[];
}

/**
 * Reads the source to its end. Memory is bounded: a recording of more events than may be held is heard in one pass.
 *
 * @throws what the source throws.
 */
export async function judgeRecording(
  source: TraceSource,
  options: ReadOptions & CheckOptions = {},
): Promise<JudgedRecording> {
  const recording = await readRecording(source, options);
  return { recording, checked: check(recording, options) };
}
