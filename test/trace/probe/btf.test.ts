import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RigFault } from "../../../harness/base/errors.ts";
import { Btf } from "../../../harness/trace/probe/btf.ts";
import { driverLayout } from "../../../harness/trace/probe/driver-layout.ts";
import { BtfBuilder, driverBtf, PM_STATES } from "./btf-builder.ts";

const { vmlinux, mhi } = driverBtf();
const split = (module: Uint8Array = mhi, base: Uint8Array = vmlinux): Btf => new Btf(module, new Btf(base));

describe("offsets of members", () => {
  it("are found in the module's own file and in the kernel's", () => {
    expect(split().offsetOf("mhi_controller", "pm_state")).toBe(340);
    expect(split().offsetOf("device", "parent")).toBe(8);
  });

  it("go through structures inside structures, typedefs too", () => {
    expect(split().offsetOf("mhi_event", "ring.rp")).toBe(80);
    expect(split().offsetOf("mhi_chan", "tre_ring.wp")).toBe(152);
  });

  it("go through members without a name", () => {
    const builder = new BtfBuilder();
    const int = builder.int("int", 4);
    const inner = builder.struct("", 8, [{ name: "b", type: int, at: 4 }]);
    builder.struct("outer", 16, [{ name: "", type: inner, at: 8 }]);
    expect(new Btf(builder.bytes()).offsetOf("outer", "b")).toBe(12);
  });

  it("are unknown for what is not there, and through a pointer", () => {
    expect(split().offsetOf("mhi_controller", "nothing")).toBeUndefined();
    expect(split().offsetOf("nothing", "pm_state")).toBeUndefined();
    expect(split().offsetOf("mhi_controller", "mhi_dev.name")).toBeUndefined();
  });
});

describe("the driver's layout", () => {
  it("is all that the probes need", () => {
    expect(driverLayout(split())).toMatchObject({
      offsets: { eventReadPointer: 80, treWritePointer: 152 },
      pmStates: 13,
    });
  });

  it("counts the PM states: twelve before SYS_ERR_FAIL", () => {
    const older = driverBtf(PM_STATES.filter((name) => !name.endsWith("_FAIL")));
    expect(driverLayout(split(older.mhi, older.vmlinux))).toMatchObject({ pmStates: 12 });
    const odd = driverBtf([...PM_STATES.slice(0, 5), "MHI_PM_STATE_MAX"]);
    expect(driverLayout(split(odd.mhi, odd.vmlinux))).toBe("its driver knows 5 PM states, expected 12 or 13");
  });

  it("says what is missing of it", () => {
    expect(driverLayout(new Btf(vmlinux))).toBe("its BTF has no mhi_controller.mhi_dev");
  });
});

describe("bad BTF", () => {
  it.each([
    ["nothing", Buffer.alloc(0), /0 bytes, a header has 24/],
    ["something else", Buffer.from("this is no BTF but some text instead"), /begins with 0x6874, expected 0xeb9f/],
    ["big endian", Buffer.concat([Buffer.from([0xeb, 0x9f]), vmlinux.subarray(2)]), /begins with 0x9feb/],
    ["cut off", vmlinux.subarray(0, vmlinux.length - 1), /its header tells of/],
  ])("is refused in a sentence: %s", (_, bytes, words) => {
    expect(() => new Btf(bytes)).toThrow(RigFault);
    expect(() => new Btf(bytes)).toThrow(words);
  });

  it("never crashes or hangs on a changed byte", () => {
    fc.assert(
      fc.property(fc.nat(mhi.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(mhi);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        try {
          driverLayout(split(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RigFault);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
