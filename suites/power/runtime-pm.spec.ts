import { expect, scenario, test } from "mhi-hil";

test("runtime suspend and resume", async ({ rig, trace }) => {
  await rig.runtimeSuspend();
  await expect(trace).toFollow(scenario.runtimeSuspend(rig.family));
  await rig.runtimeResume();
  await expect(trace).toFollow(scenario.runtimeResume(rig.family));
});
