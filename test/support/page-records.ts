/** Records of plain ring-buffer pages, for tests that look at single records. Knows what recordings of test/data hold. */
import type { RecordFields } from "../../harness/trace/print-fmt/print.ts";

export function recordsOf(pages: Buffer, pageBytes = 4096): RecordFields[] {
  const records: RecordFields[] = [];
  for (let page = 0; page < pages.length; page += pageBytes) {
    const end = page + 16 + (pages.readUInt32LE(page + 8) & 0xfffff);
    for (let at = page + 16; at < end; ) {
      const type = pages.readUInt32LE(at) & 31;
      const second = at + 8 <= end ? pages.readUInt32LE(at + 4) : 0;
      if (type === 29 && pages.readUInt32LE(at) >>> 5 === 0) break;
      if (type > 0 && type < 29) records.push({ bytes: pages, at: at + 4, length: type * 4 });
      if (type === 0) records.push({ bytes: pages, at: at + 8, length: second - 4 });
      at += type === 0 || type === 29 ? 4 + second : type >= 30 ? 8 : 4 + type * 4;
    }
  }
  return records;
}
