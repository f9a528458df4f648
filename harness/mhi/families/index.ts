import { UsageError } from "../../base/errors.ts";
import { aic100, aic200 } from "./aic.ts";
import { mv3x } from "./cinterion.ts";
import type { FamilyProfile } from "./family.ts";
import { t99w175, t99w640 } from "./foxconn.ts";
import { sdx24, sdx55, sdx65, sdx75 } from "./qualcomm.ts";
import { em1xx, rm5xx } from "./quectel.ts";
import { em919x } from "./sierra.ts";
import { fn920c04, fn980, fn990 } from "./telit.ts";
import { qca6390, qcn9074, wcn6855, wcn7850 } from "./wlan.ts";

const MODEMS = [sdx24, sdx55, sdx65, sdx75, t99w175, t99w640, em1xx, rm5xx, fn980, fn990, fn920c04, em919x, mv3x];
const FAMILIES: readonly FamilyProfile[] = [...MODEMS, aic100, aic200, qca6390, wcn6855, qcn9074, wcn7850];

export const familyIds = (): readonly string[] => FAMILIES.map((family) => family.id);

/** @throws UsageError `unknown-family` for an id that is not in the table. */
export function familyById(id: string): FamilyProfile {
  const family = FAMILIES.find((entry) => entry.id === id);
  if (!family) {
    throw new UsageError("unknown-family", `no device family "${id}"; there are: ${familyIds().join(", ")}`);
  }
  return family;
}
