import { expect, scenario, test } from "mhi-hil";

test.use({ startFrom: "host" });
test.skip(({ rig }) => !rig.can("firmware"), "the host does not load this device, or it cannot misbehave");

for (const [fault, what] of [
  ["firmware-refused", "image refused by the loader"],
  ["firmware-never-acked", "image never acknowledged"],
] as const) {
  test(`${what}, then taken`, async ({ rig, timeline }) => {
    await rig.injectFault(fault, { stage: rig.firstImageStage });
    await rig.loadDriver();
    await expect(timeline).toFollow(scenario.firmwareFailed(rig.family));
    await rig.probeAgain();
    await expect(timeline).toFollow(scenario.boot(rig.family));
    await rig.expectMissionMode();
  });
}

test("image acknowledged late, in time", async ({ rig, timeline }) => {
  await rig.injectFault("firmware-slow", { stage: rig.firstImageStage, delayMs: 1000 });
  await rig.loadDriver();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  await rig.expectMissionMode();
});
