/**
 * Rig actions inside the trace: what the controller writes to trace_marker, so that cause and effect stand on the host's
 * own clock. `hil begin suspend S3`, `hil end suspend`, `hil end suspend error`, `hil note ...`.
 */
export interface ActionMarker {
  readonly phase: "begin" | "end" | "note";
  readonly name: string;
  /** Arguments of a begin, the error of an end. */
  readonly detail: string;
}

const MARKER = /^hil (begin|end|note) (\S+)(?: (.*))?$/;

export const formatActionMarker = (marker: ActionMarker): string =>
  `hil ${marker.phase} ${marker.name}${marker.detail ? ` ${marker.detail}` : ""}`;

/** `undefined` for a marker that somebody else wrote. */
export function parseActionMarker(text: string): ActionMarker | undefined {
  const match = MARKER.exec(text.trim());
  if (!match) return undefined;
  return { phase: match[1] as ActionMarker["phase"], name: match[2] ?? "", detail: match[3] ?? "" };
}
