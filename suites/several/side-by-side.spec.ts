import { expect, scenario, test } from "mhi-hil";

test.skip(({ rig }) => rig.neighbours.length === 0, "this rig has one device");

test.describe("from power-on", () => {
  test.use({ startFrom: "host" });

  test("every device comes up by itself", async ({ rig, timeline, neighbours }) => {
    await rig.loadDriver();
    await expect(timeline).toFollow(scenario.boot(rig.family));
    for (const { family, timeline: other } of neighbours) await expect(other).toFollow(scenario.boot(family));
    await rig.expectMissionMode();
  });
});

test("SYS_ERR of one leaves the others alone", async ({ rig, timeline, neighbours }) => {
  test.skip(
    !rig.can("sys-err"),
    "this rig cannot make the device raise SYS_ERR, or its driver does not recover from it",
  );
  await rig.raiseSysErr();
  await expect(timeline).toFollow(scenario.sysErrRecovery(rig.family));
  for (const { timeline: other } of neighbours) await expect(other).toNeverEnter("SYS_ERR_DETECT");
  await rig.expectMissionMode();
});

test("one is bound anew, the others go on", async ({ rig, timeline, neighbours }) => {
  await rig.unbind();
  await expect(timeline).toFollow(scenario.unbind(rig.family));
  await rig.bind();
  await expect(timeline).toFollow(scenario.boot(rig.family));
  for (const { timeline: other } of neighbours) await expect(other).toNeverEnter("DISABLE");
  await rig.expectMissionMode();
});
