/**
 * Layout of ring-buffer pages ("sub-buffers"), from tracefs' `events/header_page`:
 *
 *   u64 timestamp | long commit | data ...
 *   commit: low bits = valid bytes of data; bit 31 = records were lost before this page; bit 30 = their number stands as
 *           one long right after the valid data
 *
 * Source: kernel/trace/ring_buffer.c. Little-endian, as all hosts of this project are.
 */
import { RigFault } from "../../base/errors.ts";
import { oneLine } from "../../base/one-line.ts";

export interface PageLayout {
  readonly pageBytes: number;
  readonly commitOffset: number;
  /** Size of the kernel's `long`. */
  readonly longBytes: number;
  readonly dataOffset: number;
}

export const MISSED = 0x80000000;
export const MISSED_STORED = 0x40000000;
export const COMMIT_BYTES = 0x3fffffff;

const MAX_PAGE_BYTES = 1 << 24;

/** @throws RigFault `trace-format` when `text` is not tracefs' `events/header_page`. */
export function parseHeaderPage(text: string): PageLayout {
  const field = (name: string): { offset: number; size: number } => {
    const parts = new RegExp(`field: [^;]*\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`).exec(text);
    if (!parts)
      throw new RigFault("trace-format", `events/header_page: no field "${name}"; found "${oneLine(text, 80)}"`);
    return { offset: Number(parts[1]), size: Number(parts[2]) };
  };
  const commit = field("commit");
  const data = field("data");
  const pageBytes = data.offset + data.size;
  const sane = data.offset % 4 === 0 && pageBytes % 4096 === 0 && pageBytes <= MAX_PAGE_BYTES;
  const known = commit.offset === 8 && (commit.size === 4 || commit.size === 8);
  if (field("timestamp").offset !== 0 || !known || data.offset !== commit.offset + commit.size || !sane) {
    throw new RigFault(
      "trace-format",
      `events/header_page: layout that this version does not know: "${oneLine(text, 300)}"`,
    );
  }
  return { pageBytes, commitOffset: commit.offset, longBytes: commit.size, dataOffset: data.offset };
}
