import { expect, scenario, test } from "mhi-hil";

test.skip(({ rig }) => !rig.can("device-asks"), "this rig cannot make the device ask for another power state");

test("M2 at the device's wish, and back by traffic", async ({ rig, timeline }) => {
  test.skip(!rig.has("DIAG"), "this family has no DIAG channel");
  test.skip(rig.family.sidebandWake, "the driver has no way to wake this family from M2 (docs/findings.md)");
  await rig.deviceAsks("low-power");
  await expect(timeline).toReachPmState("M2", { withinMs: 10_000 });
  expect(await rig.echo("DIAG", "out of M2"), "bytes that came back").toBe("out of M2");
  await expect(timeline).toReachPmState("M0", { withinMs: 10_000 });
});

test("the device wakes itself out of M3", async ({ rig, timeline }) => {
  test.skip(!rig.can("runtime-pm"), "this family's driver has no runtime power management of MHI");
  await rig.runtimeSuspend();
  await expect(timeline).toFollow(scenario.runtimeSuspend(rig.family));
  await rig.deviceAsks("wake");
  await expect(timeline).toFollow(scenario.runtimeResume(rig.family));
  await rig.runtimeResume();
});
