/** Whether a kernel that died did so in the product's own driver: then it is no trouble of the lab. */
import { classifyKernelLine } from "../rig/console/kernel-trouble.ts";

/** Frames of a backtrace carry their module: ` mhi_process_ctrl_ev_ring+0x1c2/0x370 [mhi]`. */
const DRIVER_FRAME = /\b([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+ \[((?:mhi|qrtr_mhi|qaic|ath1[12]k)\w*)/;

/** The sentence for the verdict, or undefined when the kernel lives or died elsewhere. */
export function driverPanic(lines: readonly { readonly text: string }[]): string | undefined {
  const dead = lines.some((line) => classifyKernelLine(line.text)?.severity === "dead");
  if (!dead) return undefined;
  const from = lines.findIndex((line) => ["dead", "broken"].includes(classifyKernelLine(line.text)?.severity ?? ""));
  const frame = lines
    .slice(from)
    .map((line) => DRIVER_FRAME.exec(line.text))
    .find((match) => match !== null);
  return frame ? `the host's kernel panicked in its ${frame[2]} driver, at ${frame[1]}: see the console` : undefined;
}
