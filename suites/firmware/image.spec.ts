import { expect, scenario, test } from "mhi-hil";

test.use({ startFrom: "host" });
test.skip(({ rig }) => !rig.can("firmware"), "the host does not load this device, or its firmware is not ours");

for (const state of ["missing", "truncated", "corrupt"] as const) {
  test(`firmware ${state}, then good`, async ({ rig, timeline }) => {
    await rig.setFirmware(state);
    await rig.loadDriver();
    await expect(timeline).toFollow(scenario.firmwareFailed(rig.family));
    await rig.setFirmware("good");
    await rig.probeAgain();
    await expect(timeline).toFollow(scenario.boot(rig.family));
    await rig.expectMissionMode();
  });
}
