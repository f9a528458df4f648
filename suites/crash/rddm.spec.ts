import { expect, test } from "mhi-hil";

test.skip(
  ({ rig }) => !rig.can("rddm"),
  "no RAM dump over BHIe: the rig has no clientModule, or the driver wants none",
);

test("RDDM: the RAM dump over BHIe, taken from the host", async ({ rig, timeline }, info) => {
  await rig.unbind();
  await rig.injectFault("rddm", { afterMs: 500 });
  await rig.bind();
  await expect(timeline).toReachPmState("SYS_ERR_DETECT");
  const dump = await rig.takeRddmDump(info.outputPath("rddm.bin"));
  expect(dump, "the dump that the host took").toEqual(rig.madeUpRddm);
});
