/** Bytes as hex: `__print_hex`, `%*ph`, hex dumps, bit maps. Layouts as lib/hexdump.c and lib/vsprintf.c print them. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hexText(bytes: Uint8Array, separator: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += (i > 0 ? separator : "") + (HEX[bytes[i] ?? 0] ?? "");
  return text;
}

/** `%*pb`: 32 bits a group, the highest first, commas between. */
export function bitmapText(bytes: Uint8Array, bits: number): string {
  const groups: string[] = [];
  for (let low = 0; low < bits; low += 32) {
    const width = Math.min(32, bits - low);
    let word = 0;
    for (let i = 3; i >= 0; i--) word = word * 256 + (bytes[low / 8 + i] ?? 0);
    const masked = width === 32 ? word : word % 2 ** width;
    groups.unshift(masked.toString(16).padStart(Math.ceil(width / 4), "0"));
  }
  return groups.join(",");
}

/** `%*pbl`: numbers of the set bits, runs as `a-b`. */
export function bitListText(bytes: Uint8Array, bits: number): string {
  const runs: string[] = [];
  const isSet = (bit: number): boolean => bit < bits && (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
  for (let bit = 0; bit < bits; bit++) {
    if (!isSet(bit)) continue;
    const from = bit;
    while (isSet(bit + 1)) bit++;
    runs.push(from === bit ? `${from}` : `${from}-${bit}`);
  }
  return runs.join(",");
}

export interface DumpOptions {
  readonly prefix: string;
  readonly offsets: boolean;
  /** 16 or 32; anything else counts as 16. */
  readonly rowBytes: number;
  /** 1, 2, 4 or 8; anything else counts as 1. */
  readonly groupBytes: number;
  readonly ascii: boolean;
}

/** `__print_hex_dump`: a line feed, then a line per row. */
export function hexDumpText(bytes: Uint8Array, options: DumpOptions): string {
  const rowBytes = options.rowBytes === 32 ? 32 : 16;
  let text = "\n";
  for (let at = 0; at < bytes.length; at += rowBytes) {
    const offset = options.offsets ? `${at.toString(16).padStart(8, "0")}: ` : "";
    text += `${options.prefix}${offset}${rowText(bytes.subarray(at, at + rowBytes), rowBytes, options)}\n`;
  }
  return text;
}

/** Groups are little-endian numbers; a row that is no multiple of the group's size is shown by bytes. */
function rowText(row: Uint8Array, rowBytes: number, { groupBytes, ascii }: DumpOptions): string {
  const group = [2, 4, 8].includes(groupBytes) && row.length % groupBytes === 0 ? groupBytes : 1;
  const parts: string[] = [];
  for (let at = 0; at < row.length; at += group) parts.push(hexText(row.slice(at, at + group).reverse(), ""));
  const text = parts.join(" ");
  if (!ascii) return text;
  const width = rowBytes * 2 + rowBytes / group + 1;
  const letters = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return text.padEnd(width) + letters;
}
