/** `--kernel VERSION|IMAGE` of the commands that bring a rig up. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { bzImageRelease, isKernelImage } from "../lab/named-kernel.ts";
import { KNOWN_KERNELS, kernelSet } from "../lab/package-set.ts";
import type { KeeperStatus } from "../runner/keeper-protocol.ts";

export const kernelOption = (): Option =>
  new Option(
    "--kernel <version|image>",
    `kernel of the virtual rig: ${KNOWN_KERNELS.join(", ")} or another one of Debian's, or the path of a bzImage of your own`,
  ).argParser((value) => {
    if (isKernelImage(value)) return resolve(value);
    kernelSet(value);
    return value;
  });

/** A rig that is up keeps its kernel. @throws UsageError `other-kernel`. */
export function checkKernel(at: KeeperStatus, wanted: string | undefined): void {
  const release = at.versions.kernel ?? "an unknown kernel";
  if (wanted !== undefined && isKernelImage(wanted) && bzImageRelease(readFileSync(wanted)) === release) return;
  if (wanted === undefined || release === wanted || release.startsWith(`${wanted}.`)) return;
  throw new UsageError(
    "other-kernel",
    `rig ${at.rigId} is up with kernel ${release}, and ${wanted} was asked for; end it first: mhi-hil lab down --rig ${at.rigId}`,
  );
}
