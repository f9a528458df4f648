import { expect, scenario, test } from "mhi-hil";

test.use({ startFrom: "host" });

test("cold boot reaches mission mode", async ({ rig, trace }) => {
  await rig.loadDriver();
  await expect(trace).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
