import { expect, scenario, test } from "mhi-hil";

test("cold power cycle comes back to mission mode", async ({ rig, timeline }) => {
  await rig.powerOff();
  await rig.powerOn();
  await rig.loadDriver();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
