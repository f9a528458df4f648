/**
 * The start of a trace.dat, which tells its version:
 *
 *   17 08 44 "tracing" | version text, NUL | u8 big endian | u8 bytes of a long | u32 page size
 *   version 7 goes on: name of the compression, NUL | its version, NUL | u64 offset of the first option section
 */
import { RigFault } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";
import type { Expander } from "../open/expander.ts";
import type { DatFile } from "./dat-file.ts";
import { ByteWalk, type FileView } from "./file-view.ts";
import { readVersion6 } from "./version-6.ts";
import { readVersion7 } from "./version-7.ts";

export const DAT_MAGIC = Buffer.from([0x17, 0x08, 0x44, ...Buffer.from("tracing")]);
const START_BYTES = 256;

export const isDat = (head: Uint8Array): boolean => DAT_MAGIC.equals(head.subarray(0, DAT_MAGIC.length));

/**
 * Everything before the pages.
 *
 * @param expanderOf - for the name of a compression; throws when there is none for it.
 * @throws RigFault `trace-cut`, `trace-damaged`, `trace-version`, `trace-byte-order` with file and offset.
 */
export async function readDat(
  file: FileView,
  expanderOf: (compression: string, fileName: string) => Promise<Expander>,
): Promise<{ readonly dat: DatFile; readonly expander: Expander }> {
  const walk = new ByteWalk(file, file.read(0, Math.min(START_BYTES, file.size), "start of a trace.dat"), 0);
  const magic = walk.bytes(DAT_MAGIC.length, "magic");
  if (!isDat(magic)) walk.fail("magic", "17 08 44 tracing", magic.toString("hex"));
  const version = walk.text("version");
  if (version !== "6" && version !== "7") {
    throw new RigFault(
      "trace-version",
      `${file.name}: trace.dat of version "${oneLine(version, 20)}": expected 6 or 7; convert it with trace-cmd convert --file-version 7`,
    );
  }
  if (walk.u8("byte order") !== 0) {
    throw new RigFault(
      "trace-byte-order",
      `${file.name}, byte ${walk.offset - 1}: recorded on a big-endian host; only little-endian recordings are read`,
    );
  }
  const longBytes = walk.u8("bytes of a long");
  if (longBytes !== 4 && longBytes !== 8) walk.fail("bytes of a long", "4 or 8", String(longBytes));
  const pageBytes = walk.u32("page size");
  if (version === "6")
    return { dat: readVersion6(file, walk.offset, pageBytes), expander: await expanderOf("none", file.name) };
  const compression = walk.text("name of the compression");
  walk.text("version of the compression");
  const start = walk.size("offset of the first option section");
  const expander = await expanderOf(compression, file.name);
  return { dat: readVersion7(file, start, compression, expander), expander };
}
