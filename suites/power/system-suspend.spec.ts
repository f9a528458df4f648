import { expect, scenario, test } from "mhi-hil";

test("S3, slot power kept", async ({ rig, trace }) => {
  await rig.setSlotPower("kept");
  await rig.suspend("S3");
  await expect(trace).toFollow(scenario.systemSuspendResume(rig.family));
  await rig.expectMissionMode();
});

test("S3, slot power lost", async ({ rig, trace }) => {
  test.skip(!rig.can("slot-power"), "this rig cannot cut the slot's power in suspend");
  await rig.setSlotPower("lost");
  await rig.suspend("S3");
  await expect(trace).toFollow(scenario.contextLostResume(rig.family));
  await rig.expectMissionMode();
});
