/**
 * The firmware that a virtual rig's host finds for its device: made-up images, put there before the driver asks. A real
 * rig's files are its owner's and are never touched.
 */
import type { FamilyProfile } from "../mhi/families/family.ts";
import { imageNames, madeUpImage } from "../mhi/firmware-image.ts";
import { removeFirmware, stageFirmware } from "../rig/host/firmware.ts";
import type { Shell } from "../rig/shell/shell.ts";

/** good; not there at all; only its first half; of the right length with one bit wrong. */
export type FirmwareState = "good" | "missing" | "truncated" | "corrupt";

export class FirmwareStage {
  /** What lies on the host of which boot, by family. */
  readonly #staged = new Map<string, string>();

  async set(shell: Shell, bootId: string, family: FamilyProfile, state: FirmwareState): Promise<void> {
    if (this.#staged.get(family.id) === `${bootId} ${state}`) return;
    this.#staged.delete(family.id);
    for (const name of imageNames(family)) {
      if (state === "missing") await removeFirmware(shell, name);
      else await stageFirmware(shell, name, spoilt(madeUpImage(family, name), state));
    }
    this.#staged.set(family.id, `${bootId} ${state}`);
  }
}

function spoilt(image: Buffer, state: Exclude<FirmwareState, "missing">): Buffer {
  if (state === "truncated") return image.subarray(0, image.length >> 1);
  if (state === "corrupt") image[image.length >> 2] = (image[image.length >> 2] ?? 0) ^ 1;
  return image;
}
