import { PmState } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import { logged, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** Arm SMMU, Intel, AMD. */
const IOMMU_FAULT = /Unhandled context fault|smmu.*(?:event|fault).*(?:iova|0x)|DMAR:.*fault|IO_PAGE_FAULT/i;
const GAVE_UP = /failed to power up mhi|did not load image over BHI|failed to power up MHI/i;

export const imageFetchFaults: KnownFailure = {
  id: "F04",
  name: "device's DMA faults while it fetches its firmware",
  families: ["wlan"],
  symptom: "an IOMMU fault right after power on, then -110 after about 21 s; the BHI image is never taken",
  cause: "the device reads an address that its IOMMU domain does not map (seen: SMMU, iova 0xffa00000)",
  remedy: [
    {
      text: "correct the platform's IOMMU or reserved-memory description",
      source: "https://github.com/qualcomm-linux/kernel/pull/1085",
    },
  ],
  recognise(failure) {
    const gaveUp = failure.nearest(failure.linesOf(GAVE_UP));
    const item = failure.nearest(failure.workers(WorkerItem.PBL));
    const begin = item?.tNs ?? (gaveUp && gaveUp.tNs - 60e9);
    if (begin === undefined) return undefined;
    const fault = failure.line(IOMMU_FAULT, begin - 1e9, begin + 60e9);
    const ready = failure.pm([PmState.POR], begin, begin + 60e9);
    const error = failure.pm([PmState.FW_DL_ERR, PmState.LD_ERR_FATAL_DETECT], begin, begin + 120e9);
    if (!fault || ready || !(gaveUp || error)) return undefined;
    return recognised(
      logged(fault),
      logged(gaveUp),
      item && error ? traced(error, "the image was given up, no PM POWER ON RESET since work item PBL") : undefined,
    );
  },
};
