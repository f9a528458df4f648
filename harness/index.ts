/**
 * The door for suites.
 *
 * ```ts
 * import { expect, scenario, test } from "mhi-hil";
 *
 * test("S3, slot power kept", async ({ rig, timeline }) => {
 *   await rig.suspend("S3");
 *   await expect(timeline).toFollow(scenario.systemSuspendResume(rig.family));
 * });
 * ```
 */

export { scenario } from "./judge/scenarios/index.ts";
export type { FamilyProfile } from "./mhi/families/family.ts";
export { expect, test } from "./runner/fixtures.ts";
export type { Rig } from "./runner/rig.ts";
export type { Trace } from "./runner/trace.ts";
