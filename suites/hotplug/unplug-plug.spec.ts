import { expect, scenario, test } from "mhi-hil";

test.skip(
  ({ rig }) => !rig.can("unbind"),
  "this family's driver does not let go of the device cleanly without WLAN firmware",
);

test("device gone and hot-plugged back", async ({ rig, timeline }) => {
  test.skip(!rig.can("slot"), "this rig cannot plug and unplug its slot");
  await rig.unplug();
  await expect(timeline).toFollow(scenario.unplugged(rig.family));
  await rig.plug();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
