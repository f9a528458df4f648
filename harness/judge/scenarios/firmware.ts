/** Firmware that does not come to run. Design facts 5.1 to 5.3, 6.2. */
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { optional, type Pattern, sequence } from "../pattern.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { pm, worker } from "../steps.ts";
import { disabled } from "./boot.ts";
import type { Scenario } from "./scenario.ts";

const NOTICE_MS = 60_000;

/**
 * The host finds the device in its loader and cannot load it: no file, an image that the loader refuses, or no answer
 * within the time-out.
 *
 *   most drivers   PM Firmware Download Error, and the device stays where it is
 *   WLAN           the driver waits for its device in probe: power down without grace follows, or comes first where both
 *                  ran out of the same time
 */
export const firmwareFailed = (family: FamilyProfile): Scenario => ({
  id: "firmware-failed",
  title: "firmware not loaded",
  pattern: sequence(
    worker(WorkerItem.PBL).within(NOTICE_MS, "the driver's first work item").as("begin"),
    ...(family.kind === "wlan"
      ? givenUpInProbe(family)
      : [downloadError(family).unless(pm(PmState.POR)).as("given-up")]),
  ),
  allows: ["firmware", "link-loss", "not-acknowledged"],
  measures: [{ name: "given up", from: "begin", to: "given-up" }],
});

const downloadError = (family: FamilyProfile): Pattern =>
  pm(PmState.FW_DL_ERR, "host enters PM Firmware Download Error")
    .titled("firmware: the host did not give the image up")
    .within(2 * family.timeoutMs, "the end of the transfer", { margin: PLAIN_MARGIN });

const givenUpInProbe = (family: FamilyProfile): Pattern[] => [
  optional(pm(PmState.FW_DL_ERR)),
  pm(PmState.LD_ERR_FATAL_DETECT, "host powers the device down")
    .titled("firmware: the host did not give the device up")
    .within(2 * family.timeoutMs, "the end of the probe", { margin: PLAIN_MARGIN })
    .as("given-up"),
  disabled(family),
];
