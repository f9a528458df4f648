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

export { anyOrder, either, optional, type Pattern, repeat, sequence } from "./judge/pattern.ts";
export { scenario } from "./judge/scenarios/index.ts";
/** Single steps for sequences: `steps.pm(PmState.M3)`, `steps.stateEvent(MhiState.M3)`. */
export * as steps from "./judge/steps.ts";
export type { FamilyProfile } from "./mhi/families/family.ts";
export { MhiState } from "./mhi/mhi-state.ts";
export { PmState } from "./mhi/pm-state.ts";
export { WorkerItem } from "./mhi/worker-item.ts";
export { expect, test } from "./runner/fixtures.ts";
export type { Rig } from "./runner/rig.ts";
export type { Trace } from "./runner/trace.ts";
