import { expect, scenario, test } from "mhi-hil";

test("driver unbind and bind", async ({ rig, trace }) => {
  await rig.unbind();
  await expect(trace).toFollow(scenario.unbind(rig.family));
  await rig.bind();
  await expect(trace).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
