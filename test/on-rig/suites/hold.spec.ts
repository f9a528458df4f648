import { writeFileSync } from "node:fs";
import { expect, test } from "mhi-hil";

/** Holds the rig in the middle of a test until somebody breaks something; used by bad-days.test.ts. */
test("holds the rig", async ({ rig }) => {
  const sign = process.env.MHI_HIL_HOLD_FILE;
  expect(sign, "MHI_HIL_HOLD_FILE names the file that says that the test is under way").toBeTruthy();
  if (sign) writeFileSync(sign, "holding\n");
  await rig.host.shell.exec("sleep 25", { timeoutMs: 30_000 });
});
