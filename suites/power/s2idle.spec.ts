import { expect, scenario, test } from "mhi-hil";

test("s2idle", async ({ rig, timeline }) => {
  test.skip(!rig.can("suspend"), "this family's driver leaves MHI alone over the host's sleep");
  await rig.suspend("s2idle");
  await expect(timeline).toFollow(scenario.systemSuspendResume(rig.family));
  await rig.expectMissionMode();
});
