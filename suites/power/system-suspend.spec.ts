import { expect, scenario, test } from "mhi-hil";

test("S3, slot power kept", async ({ rig, timeline }) => {
  test.skip(!rig.can("suspend"), "this family's driver leaves MHI alone over the host's sleep");
  await rig.setSlotPower("kept");
  await rig.suspend("S3");
  await expect(timeline).toFollow(scenario.systemSuspendResume(rig.family));
  await rig.expectMissionMode();
});

test("S3, slot power lost", async ({ rig, timeline }) => {
  test.skip(!rig.can("suspend"), "this family's driver leaves MHI alone over the host's sleep");
  test.skip(!rig.can("slot-power"), "this rig cannot cut the slot's power in suspend");
  await rig.setSlotPower("lost");
  await rig.suspend("S3");
  await expect(timeline).toFollow(scenario.contextLostResume(rig.family));
  await rig.expectMissionMode();
});
