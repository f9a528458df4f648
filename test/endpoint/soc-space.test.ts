import { describe, expect, test } from "vitest";
import { PagedMemory } from "../../harness/endpoint/mhi-device/paged-memory.ts";
import { SocSpace } from "../../harness/endpoint/mhi-device/soc-space.ts";
import { aic100 } from "../../harness/mhi/families/aic.ts";
import type { FamilyProfile, RegisterSpace } from "../../harness/mhi/families/family.ts";
import { qca6390, wcn7850 } from "../../harness/mhi/families/wlan.ts";
import { FakeHost } from "./fake-host.ts";
import { serve } from "./served.ts";

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const spaceOf = ({ space }: FamilyProfile): RegisterSpace => {
  if (!space) throw new Error("no register space");
  return space;
};

describe("memory in pages", () => {
  test("reads 0 where nothing was written, over page borders too, and drops what lies beyond its end", () => {
    const memory = new PagedMemory(8192);
    memory.write(4094, Buffer.from([1, 2, 3, 4]));
    expect([...memory.read(4092, 8)]).toEqual([0, 0, 1, 2, 3, 4, 0, 0]);
    memory.write(8190, Buffer.from([5, 6, 7, 8]));
    expect([...memory.read(8190, 2)]).toEqual([5, 6]);
    memory.clear();
    expect(memory.read32(4094)).toBe(0);
  });
});

describe("the register space of a WLAN SoC", () => {
  const opened = (family: FamilyProfile = qca6390) => {
    let resets = 0;
    const space = new SocSpace(spaceOf(family), () => {
      resets += 1;
    });
    return { space, resets: () => resets, read: (at: number) => space.read(at, 4).readUInt32LE(0) };
  };

  test("the chip's version is there from the start, near or far", () => {
    expect(opened().read(0x224)).toBe(0x200);
    const far = opened(wcn7850);
    // ath12k_pci_select_window: enable bit and bits 24:19 of the address
    far.space.write(0x310c, word(0x40000000 | (0x1b00000 >> 19)));
    expect(far.read(0x80000 + (0x1b00000 & 0x7ffff))).toBe(0x200);
  });

  test("a window shows the part that was chosen, and only that", () => {
    const { space, read } = opened();
    space.write(0x310c, word(0x40000000 | 5));
    space.write(0x80010, word(0xcafe));
    space.write(0x310c, word(0x40000000 | 6));
    expect(read(0x80010)).toBe(0);
    space.write(0x310c, word(0x40000000 | 5));
    expect(read(0x80010)).toBe(0xcafe);
  });

  test("static windows: the second and third six bits choose the second and third window", () => {
    const { space, read } = opened();
    space.write(0x310c, word(0x40000000 | (9 << 6) | 5));
    space.write(0x100010, word(0xbeef));
    space.write(0x310c, word(0x40000000 | 9));
    expect(read(0x80010)).toBe(0xbeef);
  });

  test("the global reset acts when its bit falls", () => {
    const { space, resets } = opened();
    space.write(0x3008, word(1));
    expect(resets()).toBe(0);
    space.write(0x3008, word(0));
    space.write(0x3008, word(0));
    expect(resets()).toBe(1);
  });
});

test("BARs of an accelerator: three, of their sizes, the others plain; the counter in BAR0 runs", async () => {
  const served = await serve({ family: aic100 });
  const host = await FakeHost.connect(served.path);
  try {
    const { client } = host;
    await client.setConfig(0x18, 0xffffffff, 4);
    await client.setConfig(0x20, 0xffffffff, 4);
    expect([await client.config(0x18, 4), await client.config(0x20, 4)]).toEqual([0xffe00004, 0xffff0004]);
    expect((await client.read(2, 0x1ffffc, 4)).readUInt32LE(0)).toBe(0);
    const first = (await client.read(0, 0xa28, 8)).readBigUInt64LE(0);
    const second = (await client.read(0, 0xa28, 8)).readBigUInt64LE(0);
    expect(second).toBeGreaterThan(first);
  } finally {
    await host.client.close();
    await served.close();
  }
});
