import { expect, scenario, test } from "mhi-hil";

test("runtime suspend and resume", async ({ rig, timeline }) => {
  test.skip(!rig.can("runtime-pm"), "this family's driver has no runtime power management of MHI");
  await rig.runtimeSuspend();
  await expect(timeline).toFollow(scenario.runtimeSuspend(rig.family));
  await rig.runtimeResume();
  await expect(timeline).toFollow(scenario.runtimeResume(rig.family));
});
