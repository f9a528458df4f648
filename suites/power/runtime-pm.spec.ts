import { expect, scenario, test } from "mhi-hil";

test("runtime suspend and resume", async ({ rig, timeline }) => {
  await rig.runtimeSuspend();
  await expect(timeline).toFollow(scenario.runtimeSuspend(rig.family));
  await rig.runtimeResume();
  await expect(timeline).toFollow(scenario.runtimeResume(rig.family));
});
