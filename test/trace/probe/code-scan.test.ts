import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callsTo, findStores, type Store } from "../../../harness/trace/probe/code-scan.ts";

const code = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const found = (hex: string, disp: number, bytes: 4 | 8): Omit<Store, "at">[] =>
  findStores(code(hex), disp, bytes).map(({ base, value }) => ({ base, value }));

/** Instructions as objdump shows them, each with its assembler text. */
describe("a write to a member", () => {
  it.each([
    ["mov %esi,0x154(%rdi)", "89 b7 54 01 00 00", 0x154, 4, { base: "di", value: { register: "si" } }],
    ["movl $0x10,0x154(%rbx)", "c7 83 54 01 00 00 10 00 00 00", 0x154, 4, { base: "bx", value: { constant: 16 } }],
    ["movl $0x200,-0x44(%rbx)", "c7 43 bc 00 02 00 00", -0x44, 4, { base: "bx", value: { constant: 512 } }],
    ["mov %rax,0x50(%rbx)", "48 89 43 50", 0x50, 8, { base: "bx", value: { register: "ax" } }],
    ["mov %rax,0x98(%rbx)", "48 89 83 98 00 00 00", 0x98, 8, { base: "bx", value: { register: "ax" } }],
    ["mov %rdx,0x28(%r8)", "49 89 50 28", 0x28, 8, { base: "r8", value: { register: "dx" } }],
    ["mov %r9,0x28(%r12)", "4d 89 4c 24 28", 0x28, 8, { base: "r12", value: { register: "r9" } }],
    ["add %rax,0x50(%rbx)", "48 01 43 50", 0x50, 8, { base: "bx", value: { register: "ax" } }],
    ["movl $0x1,0x154(%r15)", "41 c7 87 54 01 00 00 01 00 00 00", 0x154, 4, { base: "r15", value: { constant: 1 } }],
  ] as const)("%s", (_, hex, disp, bytes, store) => {
    expect(found(hex, disp, bytes)).toContainEqual(store);
  });

  it.each([
    ["a read: mov 0x50(%rbx),%rax", "48 8b 43 50", 0x50, 8],
    ["another member: mov %rax,0x58(%rbx)", "48 89 43 58", 0x50, 8],
    ["another width: mov %eax,0x50(%rbx)", "89 43 50", 0x50, 8],
    ["an indexed one: mov %rax,0x50(%rbx,%rcx,8)", "48 89 44 cb 50", 0x50, 8],
    ["the stack: mov %rax,0x50(%rsp)", "48 89 44 24 50", 0x50, 8],
    ["a register: mov %rax,%rbx", "48 89 c3", 0x50, 8],
    ["cut off before its offset", "48 89 83 98 00", 0x98, 8],
    ["cut off before its constant", "c7 83 54 01 00 00 10 00", 0x154, 4],
  ] as const)("is not %s", (_, hex, disp, bytes) => {
    expect(found(hex, disp, bytes)).toEqual([]);
  });

  it("is found whatever stands before it, and only there", () => {
    const registers = fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15);
    fc.assert(
      fc.property(
        registers,
        registers,
        fc.integer({ min: 0x100, max: 0x7fff }),
        fc.nat(40),
        (base, value, disp, pad) => {
          const rex = 0x48 | ((value >> 3) << 2) | (base >> 3);
          const modrm = 0x80 | ((value & 7) << 3) | (base & 7);
          const instruction = Buffer.alloc(7);
          instruction.set([rex, 0x89, modrm]);
          instruction.writeInt32LE(disp, 3);
          const bytes = Buffer.concat([Buffer.alloc(pad, 0x90), instruction, Buffer.alloc(3, 0xc3)]);
          expect(findStores(bytes, disp, 8).map(({ at }) => at)).toEqual([pad]);
          expect(findStores(bytes, disp + 1, 8)).toEqual([]);
        },
      ),
    );
  });

  it("never reads beyond the code", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void findStores(bytes, 0x50, 8)));
  });
});

describe("a call", () => {
  it("is known by where it leads", () => {
    const at = 0xffff_ffff_c025_6000n;
    const bytes = code("90 90 e8 10 00 00 00 c3");
    expect(callsTo(bytes, at, at + 0x17n)).toBe(true);
    expect(callsTo(bytes, at, at + 0x18n)).toBe(false);
  });
});
