import { describe, expect, it } from "vitest";
import { kcoreOffset, moduleFunctions } from "../../../harness/trace/probe/driver-code.ts";

/** Lines of /proc/kallsyms on 6.1, out of order as there. */
const KALLSYMS = `ffffffffc026024c r __crc_mhi_register_controller	[mhi]
ffffffffc0258e40 t mhi_gen_tre	[mhi]
ffffffffc02592c0 t parse_xfer_event.isra.0	[mhi]
ffffffffc0258fc0 t mhi_queue	[mhi]
ffffffffc0258000 t mhi_other	[mhi_net]
ffffffffc025efac T mhi_sync_power_up	[mhi]
ffffffff81000000 T _text
`;

describe("functions of a module", () => {
  it("lie by address, each up to the next, without data and other modules", () => {
    expect(moduleFunctions(KALLSYMS, "mhi").map(({ name, bytes }) => [name, bytes])).toEqual(
      [
        ["mhi_gen_tre", 0x180],
        ["mhi_queue", 0x300],
        ["parse_xfer_event.isra.0", 0x5cec],
        ["mhi_sync_power_up", 8192],
      ].map(([name, bytes]) => [name, Math.min(Number(bytes), 8192)]),
    );
  });

  it("are none where the kernel hides its addresses", () => {
    expect(moduleFunctions(KALLSYMS.replaceAll(/^f+[0-9a-f]+/gm, "0000000000000000"), "mhi")).toEqual([]);
  });
});

/** ELF64 header and program headers: type, offset, address, bytes. */
function elf(segments: readonly (readonly [number, bigint, bigint, bigint])[]): Buffer {
  const header = Buffer.alloc(64 + segments.length * 56);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(segments.length, 56);
  for (const [index, [type, offset, address, bytes]] of segments.entries()) {
    const at = 64 + index * 56;
    header.writeUInt32LE(type, at);
    header.writeBigUInt64LE(offset, at + 8);
    header.writeBigUInt64LE(address, at + 16);
    header.writeBigUInt64LE(bytes, at + 40);
  }
  return header;
}

describe("an address in /proc/kcore", () => {
  const header = elf([
    [4, 0x158n, 0n, 0n],
    [1, 0x7fff_c000_3000n, 0xffff_ffff_c000_0000n, 0x3f00_0000n],
  ]);

  it("lies where its segment says", () => {
    expect(kcoreOffset(header, 0xffff_ffff_c025_6000n)).toBe(0x7fff_c025_9000n);
  });

  it("is not guessed outside the segments, nor from a cut or foreign header", () => {
    expect(kcoreOffset(header, 0xffff_ffff_8100_0000n)).toBeUndefined();
    expect(kcoreOffset(header.subarray(0, 130), 0xffff_ffff_c025_6000n)).toBeUndefined();
    expect(kcoreOffset(Buffer.from("not an ELF file"), 0n)).toBeUndefined();
    expect(kcoreOffset(Buffer.alloc(0), 0n)).toBeUndefined();
  });
});
