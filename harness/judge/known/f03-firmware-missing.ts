import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** MHI's own line. The firmware loader's alone is no sign: ath11k asks for optional files first. */
const MHI_SAYS = /Error loading firmware: -2\b/i;
/** What MHI itself loads; `firmware-2.bin` and board files belong to the WLAN driver. */
const LOADER_SAYS = /Direct firmware load for \S*(?:amss|sbl|mbn|edl)\S* failed with error -2/i;
const AT_ONCE_NS = 5e9;

export const firmwareMissing: KnownFailure = {
  id: "F03",
  name: "firmware file missing on the host",
  families: ["wlan", "modem", "accelerator"],
  symptom: "power up fails with -110 within milliseconds: the errno is misleading, nothing was waited for",
  cause: "the image that the driver asks for is not where the kernel's firmware loader looks",
  remedy: [
    {
      text: "install the firmware package that holds the file of the log line; check the path and the compression",
      source: "https://github.com/qualcomm-linux/kernel/pull/832",
    },
  ],
  recognise(failure) {
    const error = failure.nearest(failure.pms(PmState.FW_DL_ERR));
    const line = failure.nearest(failure.linesOf(MHI_SAYS));
    const loader = failure.nearest(failure.linesOf(LOADER_SAYS));
    const item = error && failure.workers(WorkerItem.PBL, WorkerItem.SBL).findLast(({ tNs }) => tNs < error.tNs);
    const atOnce = error && item && error.tNs - item.tNs < AT_ONCE_NS;
    if (!line && !(loader && atOnce)) return undefined;
    return recognised(
      logged(loader),
      logged(line),
      atOnce ? traced(error, "Firmware Download Error at once after the work item began") : undefined,
      logged(failure.line(/failed to power up mhi|failed to power up MHI/i, (line ?? loader)?.tNs)),
    );
  },
};
