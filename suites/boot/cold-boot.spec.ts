import { expect, scenario, test } from "mhi-hil";

test.use({ startFrom: "host" });

test("cold boot reaches mission mode", async ({ rig, timeline }) => {
  await rig.loadDriver();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
