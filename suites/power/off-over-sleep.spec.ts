import { expect, scenario, test } from "mhi-hil";

test.skip(
  ({ rig }) => !rig.can("sleep-off"),
  "this family's driver does not power the device down over the host's sleep",
);

test("s2idle: powered down before, booted after it", async ({ rig, timeline }) => {
  await rig.suspend("s2idle");
  await expect(timeline).toFollow(scenario.offOverSleep(rig.family));
  await rig.expectMissionMode();
});

for (const power of ["kept", "lost"] as const) {
  test(`S3, slot power ${power}: powered down before, booted after it`, async ({ rig, timeline }) => {
    test.skip(!rig.can("slot-power"), "this rig cannot choose the slot's power in suspend");
    await rig.setSlotPower(power);
    await rig.suspend("S3");
    await expect(timeline).toFollow(scenario.offOverSleep(rig.family));
    await rig.expectMissionMode();
  });
}
