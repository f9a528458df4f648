/** Titles that both a rule and a scenario give, so that one failure has one name. */
import type { FamilyProfile } from "../mhi/families/family.ts";

const seconds = (ms: number): string => `${ms / 1000} s`;

export const wording = {
  notReady: (family: FamilyProfile): string =>
    `boot: device did not become READY within ${seconds(family.readyTimeoutMs)}`,
  noM0AtBoot: (family: FamilyProfile): string =>
    `boot: device did not enter M0 within ${seconds(family.timeoutMs)} after READY`,
  noM3: (family: FamilyProfile): string => `suspend: device did not acknowledge M3 within ${seconds(family.timeoutMs)}`,
  noM0AtResume: (family: FamilyProfile): string =>
    `resume: device did not acknowledge M0 within ${seconds(family.timeoutMs)}`,
} as const;
