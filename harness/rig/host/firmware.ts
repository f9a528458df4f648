/** Firmware files where the kernel looks for them: firmware_class's own path first, then /lib/firmware. */
import { quote, type Shell } from "../shell/shell.ts";

export const FIRMWARE_DIR = "/lib/firmware";

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/** Puts a file where the driver will ask for it by `name`, whole or not at all. @throws RigFault `upload-failed` */
export async function stageFirmware(shell: Shell, name: string, image: Buffer): Promise<void> {
  const path = firmwarePath(name);
  await shell.run(`mkdir -p ${quote(parentOf(path))}`);
  await shell.upload(path, image);
}

/** A file that is not there is fine. */
export async function removeFirmware(shell: Shell, name: string): Promise<void> {
  await shell.run(`rm -f ${quote(firmwarePath(name))}`);
}

const firmwarePath = (name: string): string => `${FIRMWARE_DIR}/${name}`;
