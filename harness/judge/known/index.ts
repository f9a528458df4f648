/**
 * The failures that were met in the field, F01 to F31 of the issue list. Adding one is adding one file and a line here:
 * docs/known-failures.md. Those that cannot be shown stand in not-shown.ts.
 */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { KnownLookup } from "../../record/known-text.ts";
import type { FindingRecord } from "../../record/schema.ts";
import type { Evidence } from "../evidence.ts";
import { kernelMajor, signature } from "../signature.ts";
import { readyNever } from "./f01-ready-never.ts";
import { resetStuck } from "./f02-reset-stuck.ts";
import { firmwareMissing } from "./f03-firmware-missing.ts";
import { imageFetchFaults } from "./f04-image-fetch-faults.ts";
import { suspendHangsHost } from "./f05-suspend-hangs-host.ts";
import { powerUpRacesSysErr } from "./f06-power-up-races-sys-err.ts";
import { resetIgnored } from "./f07-reset-ignored.ts";
import { destroyedInTransition } from "./f08-destroyed-in-transition.ts";
import { lateSuspendOrder } from "./f09-late-suspend-order.ts";
import { modemCrash } from "./f12-modem-crash.ts";
import { interruptLost } from "./f13-interrupt-lost.ts";
import { mbimSilentAfterResume } from "./f14-mbim-silent-after-resume.ts";
import { mbimNoDownlink } from "./f15-mbim-no-downlink.ts";
import { netNoDownlink } from "./f16-net-no-downlink.ts";
import { asleepAndNotWoken } from "./f17-asleep-and-not-woken.ts";
import { recoveryDeadlock } from "./f18-recovery-deadlock.ts";
import { suspendRefused } from "./f19-suspend-refused.ts";
import { accessAfterPowerOff } from "./f20-access-after-power-off.ts";
import { oneVector } from "./f21-one-vector.ts";
import { twoDrivers } from "./f23-two-drivers.ts";
import { idUnknown } from "./f24-id-unknown.ts";
import { dumpAtResume } from "./f25-dump-at-resume.ts";
import { barUnassigned } from "./f27-bar-unassigned.ts";
import { sysErrAtPowerUp } from "./f28-sys-err-at-power-up.ts";
import { contextLost } from "./f29-context-lost.ts";
import { type CaseFinding, FailureCase } from "./failure-case.ts";
import { isFixed, type KnownFailure, type Recognition } from "./known-failure.ts";

export { NOT_SHOWN, type NotShown } from "./not-shown.ts";
export type { CaseFinding, KnownFailure, Recognition };

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  readyNever,
  resetStuck,
  firmwareMissing,
  imageFetchFaults,
  suspendHangsHost,
  powerUpRacesSysErr,
  resetIgnored,
  destroyedInTransition,
  lateSuspendOrder,
  modemCrash,
  interruptLost,
  mbimSilentAfterResume,
  mbimNoDownlink,
  netNoDownlink,
  asleepAndNotWoken,
  recoveryDeadlock,
  suspendRefused,
  accessAfterPowerOff,
  oneVector,
  twoDrivers,
  idUnknown,
  dumpAtResume,
  barUnassigned,
  sysErrAtPowerUp,
  contextLost,
];

/** Text and links for a report. */
export const knownById: KnownLookup = (id) => KNOWN_FAILURES.find((entry) => entry.id === id);

export interface KnownMatch extends Recognition {
  readonly failure: KnownFailure;
}

/** What the finding is known as: of all that fit, the one with most evidence; of equals the first of the list. */
export function knownAs(finding: CaseFinding, evidence: Evidence, family: FamilyProfile): KnownMatch | undefined {
  return matches(new FailureCase(evidence, family, finding)).find(
    ({ fromNs, toNs, slackNs }) => fromNs - slackNs <= finding.atNs && toNs + slackNs >= finding.fromNs,
  );
}

/**
 * Failures that no finding bears, the strongest first: the driver did nothing wrong (F14, F19), or there is a log and no
 * trace (F24). A file that shows one had a failure in it, whatever the rules say. Not for live use: it reads all.
 *
 * @param judged the findings of the same evidence, and the intervals in which a scenario brings failures about.
 */
export const knownIn = (
  evidence: Evidence,
  family: FamilyProfile,
  judged: {
    readonly findings?: readonly Pick<FindingRecord, "known">[];
    readonly allowed?: readonly { readonly fromNs: number; readonly toNs: number }[];
  } = {},
): KnownMatch[] =>
  matches(new FailureCase(evidence, family)).filter(
    ({ failure, fromNs, toNs, slackNs }) =>
      !judged.findings?.some((finding) => finding.known?.id === failure.id) &&
      !judged.allowed?.some((window) => fromNs - slackNs <= window.toNs && toNs + slackNs >= window.fromNs),
  );

/** Of a failure that no finding bears: its number is what it is, so its evidence takes no part. */
export function knownSignature({ failure }: KnownMatch, family: FamilyProfile, release: string): string {
  const kernel = kernelMajor(release);
  return signature({ family: family.id, stuck: failure.id, ...(kernel === undefined ? {} : { kernel }) });
}

function matches(failure: FailureCase): KnownMatch[] {
  const found = KNOWN_FAILURES.flatMap((known): KnownMatch[] => {
    if (!known.families.includes(failure.kind) || isFixed(failure.kernel, known.fixedIn ?? [])) return [];
    const recognition = known.recognise(failure);
    return recognition ? [{ ...recognition, failure: known }] : [];
  });
  return found.sort((a, b) => b.score - a.score);
}
