/** A point of a recording as a person gives it: `5.9`, `+1.5` from the first event, `marker:suspend`. */
import { UsageError } from "../../base/errors.ts";

export type TimePoint =
  | { readonly kind: "clock"; readonly clockNs: bigint }
  | { readonly kind: "relative"; readonly ns: number }
  | { readonly kind: "marker"; readonly text: string };

const SECONDS = /^(\+?)(\d{1,12})(?:\.(\d{1,9}))?$/;

/**
 * @param option - what it was given for (`--from`), for the error.
 * @throws UsageError `trace-time`
 */
export function parseTimePoint(text: string, option: string): TimePoint {
  if (text.startsWith("marker:") && text.length > "marker:".length) {
    return { kind: "marker", text: text.slice("marker:".length) };
  }
  const parts = SECONDS.exec(text);
  if (!parts) {
    throw new UsageError(
      "trace-time",
      `${option} "${text}" is no time: give seconds of the trace clock (12.5), seconds from the first event (+1.5), or marker:TEXT`,
    );
  }
  const ns = BigInt(parts[2] ?? "0") * 1_000_000_000n + BigInt((parts[3] ?? "").padEnd(9, "0"));
  return parts[1] === "+" ? { kind: "relative", ns: Number(ns) } : { kind: "clock", clockNs: ns };
}
