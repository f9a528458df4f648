/** A kernel of the user's own: a bzImage, and its modules where they usually lie. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RigFault } from "../base/errors.ts";
import type { GuestKernel } from "./image.ts";

/** A path, as against a version of Debian's: it has a slash. */
export const isKernelImage = (text: string): boolean => text.includes("/");

/** A kernel that the user named; its modules lie where `make modules_install` or a package would put them. */
export async function namedKernel(
  image: string,
  modulesDir: string | undefined,
  by: "MHI_HIL_KERNEL" | "--kernel",
): Promise<GuestKernel> {
  const bytes = await readFile(image).catch((cause: Error) => {
    throw new RigFault("kernel-missing", `${by} names ${image}, which cannot be read: ${cause.message}`, {
      cause,
    });
  });
  const release = bzImageRelease(bytes);
  if (release === undefined) {
    throw new RigFault(
      "kernel-format",
      `${by} names ${image}, which is not an x86 bzImage; name the vmlinuz or bzImage file`,
    );
  }
  const root = dirname(dirname(image));
  const candidates = modulesDir
    ? [modulesDir]
    : [join(root, "lib/modules", release), join(root, "usr/lib/modules", release), join("/lib/modules", release)];
  const found = candidates.find((dir) => existsSync(join(dir, "kernel")));
  if (found === undefined) {
    throw new RigFault(
      "kernel-modules",
      `no modules of kernel ${release} in ${candidates.join(" or ")}; name the folder that holds its "kernel" folder with MHI_HIL_MODULES`,
    );
  }
  return { image, release, modulesDir: found };
}

/**
 * The release that a bzImage carries: "HdrS" at 0x202 and, at 0x20e, the offset of the version text less 0x200
 * (Documentation/arch/x86/boot.rst).
 */
export function bzImageRelease(image: Buffer): string | undefined {
  if (image.length < 0x210 || image.toString("latin1", 0x202, 0x206) !== "HdrS") return undefined;
  const start = image.readUInt16LE(0x20e) + 0x200;
  const text = image.toString("latin1", start, start + 256);
  return /^[^\s\0]+/.exec(text)?.[0];
}
