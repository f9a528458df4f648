import { expect, scenario, test } from "mhi-hil";

test.skip(
  ({ rig }) => !rig.can("unbind"),
  "this family's driver does not let go of the device cleanly without WLAN firmware",
);

test("driver unbind and bind", async ({ rig, timeline }) => {
  await rig.unbind();
  await expect(timeline).toFollow(scenario.unbind(rig.family));
  await rig.bind();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
