/** A channel pair whose uplink works and whose downlink is silent: shared by the known failures of the data paths. */
import { isTransferCompletion } from "../machine.ts";
import type { FailureCase } from "./failure-case.ts";

export interface Pair {
  readonly ul: number;
  readonly dl: number;
}

export function pairOf({ family }: FailureCase, name: string): Pair | undefined {
  const find = (direction: "ul" | "dl"): number | undefined =>
    family.channels.find((entry) => entry.name === name && entry.direction === direction)?.channel;
  const ul = find("ul");
  const dl = find("dl");
  return ul === undefined || dl === undefined ? undefined : { ul, dl };
}

export interface Silence {
  /** First completed buffer to the device, and the last. */
  readonly first: { readonly tNs: number };
  readonly last: { readonly tNs: number };
  readonly sent: number;
}

/**
 * At least `sent` buffers went out over at least `spanNs`, buffers lay ready for answers, and not one came back. A link
 * that nobody answers on looks the same for a while, which is why both are asked for.
 */
export function silentDownlink(
  failure: FailureCase,
  { ul, dl }: Pair,
  limits: { readonly sent: number; readonly spanNs: number },
  fromNs = failure.fromNs,
): Silence | undefined {
  const done = (channel: number): { readonly tNs: number }[] =>
    failure.events.filter(
      (event) =>
        event.kind === "ring" && isTransferCompletion(event) && event.channel === channel && event.tNs >= fromNs,
    );
  const uplink = done(ul);
  const [first] = uplink;
  const last = uplink.at(-1);
  const armed = failure.events.some((event) => event.kind === "tre" && event.channel === dl);
  if (!first || !last || !armed || uplink.length < limits.sent || done(dl).length > 0) return undefined;
  const watchedToNs = Math.max(last.tNs, first.tNs + limits.spanNs);
  return failure.whole(first.tNs, watchedToNs) ? { first, last, sent: uplink.length } : undefined;
}
