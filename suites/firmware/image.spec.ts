import { expect, scenario, test } from "mhi-hil";

test.use({ startFrom: "host" });
test.skip(
  ({ rig }) => !rig.can("firmware"),
  "this rig's device is not loaded by the host, or its firmware is not ours to spoil",
);

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
