/** Firmware that does not come to run. Design facts 5.1 to 5.3, 6.2. */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { sequence } from "../pattern.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { pm, worker } from "../steps.ts";
import type { Scenario } from "./scenario.ts";

const NOTICE_MS = 60_000;

/**
 * The host finds the device in its loader and cannot load it: no file, an image that the loader refuses, or no answer
 * within the time-out. A driver that waits for its device in probe gives up altogether and powers MHI down.
 */
export const firmwareFailed = (family: FamilyProfile): Scenario => ({
  id: "firmware-failed",
  title: "firmware not loaded",
  pattern: sequence(
    worker(WorkerItem.PBL).within(NOTICE_MS, "the driver's first work item").as("begin"),
    pm(PmState.FW_DL_ERR, "host enters PM Firmware Download Error")
      .titled("firmware: the host did not give the image up")
      .unless(pm(PmState.POR))
      .within(2 * family.timeoutMs, "the end of the transfer", { margin: PLAIN_MARGIN })
      .as("given-up"),
  ),
  allows: ["firmware", "link-loss", "not-acknowledged"],
  measures: [{ name: "given up", from: "begin", to: "given-up" }],
});
