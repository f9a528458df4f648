import { expect, scenario, test } from "mhi-hil";

test("PCI remove and rescan", async ({ rig, trace }) => {
  await rig.remove();
  await expect(trace).toFollow(scenario.unbind(rig.family));
  await rig.rescan();
  await expect(trace).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
