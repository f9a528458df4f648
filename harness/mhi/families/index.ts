import { UsageError } from "../../base/errors.ts";
import type { FamilyProfile } from "./family.ts";
import { sdx55 } from "./sdx55.ts";

const FAMILIES: readonly FamilyProfile[] = [sdx55];

export const familyIds = (): readonly string[] => FAMILIES.map((family) => family.id);

/** @throws UsageError `unknown-family` for an id that is not in the table. */
export function familyById(id: string): FamilyProfile {
  const family = FAMILIES.find((entry) => entry.id === id);
  if (!family) {
    throw new UsageError("unknown-family", `no device family "${id}"; there are: ${familyIds().join(", ")}`);
  }
  return family;
}
