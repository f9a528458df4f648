/** A kernel that broke during a test, and whose fault that is: in the product's own driver it is no trouble of the lab. */
import { classifyKernelLine } from "../rig/console/kernel-trouble.ts";

/** Frames of a backtrace carry their module: ` mhi_process_ctrl_ev_ring+0x1c2/0x370 [mhi]`. */
const DRIVER_FRAME = /\b([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+ \[((?:mhi|qrtr_mhi|qaic|ath1[12]k)\w*)/;

export interface BrokenKernel {
  /** False: it oopsed, goes on, and is not to be trusted. */
  readonly dead: boolean;
  readonly byDriver: boolean;
  /** The sentence for the verdict. */
  readonly why: string;
}

/** Undefined where nothing on the console says that the kernel is broken. */
export function brokenKernel(lines: readonly { readonly text: string }[]): BrokenKernel | undefined {
  const troubles = lines.map((line) => classifyKernelLine(line.text));
  const from = troubles.findIndex((trouble) => trouble?.severity === "dead" || trouble?.severity === "broken");
  const first = troubles[from];
  if (!first) return undefined;
  const dead = troubles.some((trouble) => trouble?.severity === "dead");
  const frame = lines
    .slice(from)
    .map((line) => DRIVER_FRAME.exec(line.text))
    .find((match) => match !== null);
  const what = dead ? "panicked" : `broke (${first.kind})`;
  const where = frame ? `in its ${frame[2]} driver, at ${frame[1]}` : "outside the drivers under test";
  return { dead, byDriver: frame !== undefined, why: `the host's kernel ${what} ${where}: see the console` };
}
