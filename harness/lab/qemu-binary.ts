/** Which QEMU runs: the cached one through its own loader, or one that the user named. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { RigFault } from "../base/errors.ts";
import { runProgram } from "./run-program.ts";
import type { Toolchain } from "./toolchain.ts";

export interface QemuBinary {
  readonly file: string;
  /** Go before QEMU's own arguments: the loader's, and where firmware and loadable parts lie. */
  readonly prefix: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

export function packagedQemu(tools: Toolchain, version: string): QemuBinary {
  const { file, args } = tools.command("usr/bin/qemu-system-x86_64", [
    "-L",
    tools.path("usr/share/qemu"),
    "-L",
    tools.path("usr/share/seabios"),
  ]);
  return { file, prefix: args, env: { QEMU_MODULE_DIR: tools.path("usr/lib/x86_64-linux-gnu/qemu") }, version };
}

/** @throws RigFault `qemu-missing`, `qemu-too-old`. */
export async function namedQemu(path: string): Promise<QemuBinary> {
  const usable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!usable) {
    throw new RigFault(
      "qemu-missing",
      `MHI_HIL_QEMU names ${path}, which is not an executable file; name a qemu-system-x86_64, or unset it`,
    );
  }
  const options = { timeoutMs: 20_000 };
  const version = parseQemuVersion((await runProgram(path, ["--version"], options)).stdout);
  const devices = (await runProgram(path, ["-M", "q35", "-device", "help"], options)).stdout;
  checkQemu(path, version, devices);
  return { file: path, prefix: [], env: {}, version };
}

export const parseQemuVersion = (text: string): string => /version (\d+\.\d+(\.\d+)?)/.exec(text)?.[1] ?? "unknown";

/** @throws RigFault `qemu-too-old`. */
export function checkQemu(path: string, version: string, deviceHelp: string): void {
  if (/"vfio-user-pci"/.test(deviceHelp)) return;
  throw new RigFault(
    "qemu-too-old",
    `${path} is QEMU ${version} and has no device vfio-user-pci; QEMU 10.1 or newer, built with vfio-user, is needed: name another with MHI_HIL_QEMU, or unset it to use the packaged one`,
    { values: { version } },
  );
}
