import { ExecEnv } from "../../mhi/exec-env.ts";
import { PmState } from "../../mhi/pm-state.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import { type FailureCase, logged, traced } from "./failure-case.ts";
import { isFixed, type KnownFailure, recognised } from "./known-failure.ts";

/** Boot failed, or the firmware crashed after it. */
const crashed = (failure: FailureCase, fromNs: number): { readonly tNs: number } | undefined =>
  failure.find(
    (event) =>
      (event.kind === "pm" && (event.pmState === PmState.SYS_ERR_DETECT || event.pmState === PmState.FW_DL_ERR)) ||
      (event.kind === "ring" && event.type === ElementType.EE_EVENT && event.code === ExecEnv.RDDM),
    fromNs,
  );

export const oneVector: KnownFailure = {
  id: "F21",
  name: "WLAN with a single MSI vector",
  families: ["wlan"],
  symptom: "boot fails, or the firmware crashes once QMI has started, on hosts that grant one MSI vector",
  cause: "the driver tells the device vectors that were never granted",
  remedy: [
    {
      text: 'ath11k: a kernel with "ath11k: fix boot failure with one MSI vector" (6.5.12); for QCN9274 under ath12k none was known',
      source: "https://github.com/openwrt/openwrt/pull/15945",
    },
    { text: "let the host grant 32 vectors", source: "https://github.com/openwrt/openwrt/pull/15945" },
  ],
  recognise(failure) {
    const vectors = failure.nearest(failure.linesOf(/MSI vectors: 1\b/i));
    if (!vectors) return undefined;
    // the fix is in ath11k only
    if (!/ath12k/.test(vectors.text) && isFixed(failure.kernel, ["6.5.12"])) return undefined;
    const crash = crashed(failure, vectors.tNs);
    const line = failure.line(/failed to power up mhi|firmware crashed/i, vectors.tNs);
    return crash || line
      ? recognised(logged(vectors), logged(line), traced(crash, "firmware crashed or was not loaded"))
      : undefined;
  },
};
