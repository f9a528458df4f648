import { expect, scenario, test } from "mhi-hil";

test("SYS_ERR in AMSS and recovery", async ({ rig, timeline }) => {
  test.skip(
    !rig.can("sys-err"),
    "this rig cannot make the device raise SYS_ERR, or its driver does not recover from it",
  );
  await rig.raiseSysErr();
  await expect(timeline).toFollow(scenario.sysErrRecovery(rig.family));
  await rig.expectMissionMode();
});
