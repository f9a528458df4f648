import { expect, scenario, test } from "mhi-hil";

test("device gone and hot-plugged back", async ({ rig, timeline }) => {
  test.skip(!rig.can("slot"), "this rig cannot plug and unplug its slot");
  await rig.unplug();
  await expect(timeline).toFollow(scenario.unplugged(rig.family));
  await rig.plug();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
