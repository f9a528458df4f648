import { expect, scenario, test } from "mhi-hil";

test("s2idle", async ({ rig, timeline }) => {
  await rig.suspend("s2idle");
  await expect(timeline).toFollow(scenario.systemSuspendResume(rig.family));
  await rig.expectMissionMode();
});
