import { PmState } from "../../mhi/pm-state.ts";
import { isTransferCompletion } from "../machine.ts";
import { pairOf, silentDownlink } from "./data-path.ts";
import { type FailureCase, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** PM M0 of a resume. */
const resumes = (failure: FailureCase): { readonly tNs: number }[] =>
  failure.pms(PmState.M0).filter((event) => failure.pmBefore(event.tNs)?.pmState === PmState.M3_EXIT);

const ANSWER_NS = 10e9;

export const mbimSilentAfterResume: KnownFailure = {
  id: "F14",
  name: "MBIM silent after resume",
  families: ["modem"],
  symptom: "after resume ModemManager fails, although suspend and resume went well on the bus",
  cause: "the modem's MBIM function does not come back from M3, while MHI itself does",
  remedy: [
    {
      text: "ModemManager's options for quick or low-power suspend and resume",
      source: "https://github.com/lenovo/lenovo-wwan-unlock/issues/74",
    },
  ],
  recognise(failure) {
    const pair = pairOf(failure, "MBIM");
    if (!pair) return undefined;
    for (const resume of resumes(failure)) {
      const before = failure.find(
        (event) => event.kind === "ring" && isTransferCompletion(event) && event.channel === pair.dl,
        undefined,
        resume.tNs,
      );
      const again = failure.pm([PmState.M3_ENTER], resume.tNs, resume.tNs + ANSWER_NS);
      const silence = silentDownlink(failure, pair, { sent: 1, spanNs: ANSWER_NS }, resume.tNs);
      if (!before || again || !silence) continue;
      return recognised(
        traced(before, `channel ${pair.dl} answered before the suspend,`),
        traced(resume, "resumed without fault"),
        traced(
          silence.first,
          `${silence.sent} sent on channel ${pair.ul} since, nothing on ${pair.dl}, from the first`,
        ),
      );
    }
    return undefined;
  },
};
