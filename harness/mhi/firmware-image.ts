/**
 * Firmware of the virtual rigs: made up, and the same on every machine, so that the endpoint knows byte for byte what it
 * should be given. The real images may not be passed on, and an emulated device could not run them.
 */
import { createHash } from "node:crypto";
import type { ExecEnv } from "./exec-env.ts";
import { ExecEnv as E } from "./exec-env.ts";
import type { FamilyProfile, FirmwareLoad } from "./families/family.ts";

/**
 * Bytes of an image. A full boot chain's must be more than its first part, and kernel 7.2 looks for an ELF header at
 * 512 KiB into it (mhi_fw_load_handler, drivers/bus/mhi/host/boot.c).
 */
const IMAGE_BYTES: Readonly<Record<FirmwareLoad, number>> = {
  bhi: 192 * 1024,
  "bhi-bhie": 1536 * 1024,
  bhie: 1280 * 1024 + 512,
};

/** Takes more than one request, and more than one transfer each; a multiple of nothing. */
const SAHARA_IMAGE_BYTES = 160 * 1024 + 300;

/** Name, below the host's firmware folder, of what the driver asks for when it finds the device in that EE. */
export function imageName({ firmware }: FamilyProfile, ee: ExecEnv): string | undefined {
  if (ee === E.EDL) return firmware.edl;
  return ee === E.PBL ? firmware.image : undefined;
}

/** All image names of a family. */
export const imageNames = ({ firmware: { image, edl, sahara = [] } }: FamilyProfile): string[] =>
  [image, edl, ...sahara.map(({ file }) => file)].filter((name) => name !== undefined);

export function madeUpImage({ firmware }: FamilyProfile, name: string): Buffer {
  const bySahara = firmware.sahara?.some(({ file }) => file === name);
  const outputLength = bySahara ? SAHARA_IMAGE_BYTES : IMAGE_BYTES[name === firmware.edl ? "bhi" : firmware.load];
  return createHash("shake256", { outputLength }).update(`mhi-hil ${name}`).digest();
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
