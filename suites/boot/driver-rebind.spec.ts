import { expect, scenario, test } from "mhi-hil";

test("driver unbind and bind", async ({ rig, timeline }) => {
  await rig.unbind();
  await expect(timeline).toFollow(scenario.unbind(rig.family));
  await rig.bind();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
