import { expect, scenario, test } from "mhi-hil";

test.skip(
  ({ rig }) => !rig.can("crash-dump") || !rig.has("QAIC_SSR"),
  "no subsystem of this device restarts by itself, or it cannot be made to crash",
);

test("crash dump of a subsystem that restarts, the rest going on", async ({ rig, timeline }, info) => {
  await rig.unbind();
  await rig.injectFault("subsystem-crash", { afterMs: 1000 });
  await rig.bind();
  const dump = await rig.takeCrashDump(info.outputPath("subsystem-dump.bin"));
  await expect(timeline).toFollow(scenario.boot(rig.family));
  expect(dump, "the dump that the host took").toEqual(rig.madeUpDump);
  await rig.expectMissionMode();
});
