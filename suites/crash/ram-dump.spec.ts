import { expect, scenario, test } from "mhi-hil";

test.skip(({ rig }) => !rig.can("crash-dump"), "the driver takes no RAM dump, or the device cannot be made to crash");

test("RAM dump of a crash, taken while the device boots again", async ({ rig, timeline }, info) => {
  await rig.unbind();
  await rig.injectFault("crash-with-dump", { afterMs: 1000 });
  await rig.bind();
  const dump = await rig.takeCrashDump(info.outputPath("ram-dump.bin"));
  await expect(timeline).toFollow(scenario.sysErrRecovery(rig.family));
  expect(dump, "the dump that the host took").toEqual(rig.madeUpDump);
  await rig.expectMissionMode();
});
