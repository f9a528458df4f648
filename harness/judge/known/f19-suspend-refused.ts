import { PmState } from "../../mhi/pm-state.ts";
import { logged } from "./failure-case.ts";
import { type KnownFailure, type Piece, recognised } from "./known-failure.ts";

/** One refusal is a host that was busy; again and again, with no suspend in between, is a host that never gets free. */
const OFTEN = 3;

export const suspendRefused: KnownFailure = {
  id: "F19",
  name: "suspend refused again and again",
  families: ["modem", "wlan"],
  symptom: '"failed to suspend device: -16" without end; the machine cannot sleep',
  cause: "a packet to the device was never completed, or a vote to stay awake is still held",
  remedy: [
    {
      text: "find the channel whose uplink is not completed (mhi-hil export shows them); close the client that holds it",
      source: "https://github.com/sonyxperiadev/bug_tracker/issues/735",
    },
  ],
  recognise(failure) {
    const refused = failure.linesOf(/failed to suspend device: -16\b/i);
    const [first] = refused;
    const last = refused.at(-1);
    if (!first || !last || refused.length < OFTEN) return undefined;
    if (failure.pm([PmState.M3_ENTER, PmState.M3], first.tNs, last.tNs)) return undefined;
    const untraced: Piece | undefined =
      failure.events.length > 0 && failure.whole(first.tNs, last.tNs)
        ? { tNs: first.tNs, words: "trace: no PM record of a suspend between them" }
        : undefined;
    return recognised(logged(first), { tNs: last.tNs, words: `log: the same ${refused.length} times` }, untraced);
  },
};
