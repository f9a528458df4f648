/**
 * Writer of "newc" cpio archives, the format of Linux initramfs images (Documentation/driver-api/early-userspace/
 * buffer-format.rst): a 110-byte header in ASCII hex, the name with its NUL padded to 4 bytes, the data padded to 4.
 *
 * Every entry belongs to root, has time 0 and a number of its own, so that equal input gives equal bytes.
 */
export type CpioEntry =
  | { readonly path: string; readonly type: "dir"; readonly mode: number }
  | { readonly path: string; readonly type: "file"; readonly mode: number; readonly data: Uint8Array }
  | { readonly path: string; readonly type: "link"; readonly target: string }
  | {
      readonly path: string;
      readonly type: "char";
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** File type bits of st_mode (octal, as in inode(7)). */
const TYPE_BITS = { dir: 0o040000, file: 0o100000, link: 0o120000, char: 0o020000 } as const;

const pad4 = (length: number): number => (4 - (length % 4)) % 4;

/** @param entries parents before their children, each path without a leading slash */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const chunks: Buffer[] = [];
  let inode = 1;
  for (const entry of entries) chunks.push(...encode(entry, inode++));
  chunks.push(...encode({ path: "TRAILER!!!", type: "file", mode: 0, data: new Uint8Array() }, 0));
  return Buffer.concat(chunks);
}

function encode(entry: CpioEntry, inode: number): Buffer[] {
  const data = contentOf(entry);
  const name = Buffer.from(`${entry.path}\0`);
  const isTrailer = entry.path === "TRAILER!!!";
  const mode = isTrailer ? 0 : TYPE_BITS[entry.type] | (entry.type === "link" ? 0o777 : entry.mode);
  const device = entry.type === "char" ? [entry.major, entry.minor] : [0, 0];
  const fields = [
    inode,
    mode,
    0, // uid
    0, // gid
    entry.type === "dir" ? 2 : 1, // links
    0, // mtime
    data.length,
    0, // device that holds the file
    0,
    ...device,
    name.length,
    0, // checksum, unused in newc
  ];
  const header = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}`, "latin1");
  return [header, name, Buffer.alloc(pad4(header.length + name.length)), data, Buffer.alloc(pad4(data.length))];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.type === "file") return Buffer.from(entry.data.buffer, entry.data.byteOffset, entry.data.byteLength);
  return entry.type === "link" ? Buffer.from(entry.target) : Buffer.alloc(0);
}

/** Directories for all parents of `paths`, parents first. */
export function parentDirs(paths: readonly string[]): string[] {
  const dirs = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) dirs.add(parts.slice(0, depth).join("/"));
  }
  return [...dirs].sort();
}
