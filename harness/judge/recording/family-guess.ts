/** Which device family a recording is of, by what its log says; else a family that asks for nothing special. */

import type { FamilyProfile } from "../../mhi/families/family.ts";
import { familyById, familyIds } from "../../mhi/families/index.ts";
import type { Recording } from "./recording.ts";

export interface FamilyGuess {
  readonly family: FamilyProfile;
  /** For people: how it was found. */
  readonly how: string;
}

/**
 * Nobody knows what it is: time-outs are the longest of any family (mhi-facts 4.11), channels have no names, and no client
 * must open one.
 */
const unknown = (kind: FamilyProfile["kind"]): FamilyProfile => ({
  ...familyById("sdx55"),
  id: kind === "modem" ? "unknown" : `unknown-${kind}`,
  driverName: "unknown",
  kind,
  timeoutMs: 24_000,
  readyTimeoutMs: 50_000,
  channels: [],
  eventRings: [],
  firmware: { load: "bhi" },
  before: [],
});

export function guessFamily({ log }: Pick<Recording, "log">): FamilyGuess {
  const families = familyIds().map(familyById);
  for (const { text } of log) {
    // mhi_pci_probe of pci_generic.c names the entry of its table
    const name = /MHI PCI device found: (\S+)/.exec(text)?.[1];
    const family = families.find(({ driverName }) => driverName === name);
    if (family) return { family, how: `the log names ${family.driverName}` };
    if (name !== undefined)
      return { family: unknown("modem"), how: `the log names ${name}, which this version does not know` };
    const driver = /^(qaic|ath11k|ath12k)\b/i.exec(text)?.[1]?.toLowerCase();
    if (driver !== undefined)
      return { family: unknown(driver === "qaic" ? "accelerator" : "wlan"), how: `the log names ${driver}` };
  }
  return { family: unknown("modem"), how: "nothing in the recording names it, so a modem is taken: say --family" };
}
