/**
 * Where compiled x86-64 code writes a member of a structure: `mov REG, DISP(BASE)`, `mov $IMM, DISP(BASE)` and
 * `add REG, DISP(BASE)` with the member's offset as DISP. The compiler puts the driver's small functions inside others, so
 * that a probe on the function's name sees few of its calls; the write itself is where it happens.
 *
 * Bytes are matched, not instructions: a match may begin inside another instruction. The kernel knows better and refuses a
 * probe there (can_probe in arch/x86/kernel/kprobes/core.c).
 *
 * Source: Intel SDM volume 2, 2.1 (ModR/M, SIB, REX) and the opcodes 01, 89, C7.
 */

export interface Store {
  /** Byte in the code. */
  readonly at: number;
  /** Register that holds the structure's address, as kprobe events name it: `bx`, `r12`. */
  readonly base: string;
  /** What is written: a register, or a constant. */
  readonly value: { readonly register: string } | { readonly constant: number };
}

const REGISTERS = [
  "ax",
  "cx",
  "dx",
  "bx",
  "sp",
  "bp",
  "si",
  "di",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
];

const ADD = 0x01;
const MOV = 0x89;
const MOV_CONSTANT = 0xc7;
const NEEDS_SIB = 4;
/** SIB without an index and with the base in r12 (or sp, which holds no structure). */
const SIB_BASE_ONLY = 0x24;

/**
 * Writes of `bytes` (4 or 8) to offset `disp` of whatever a register points to.
 *
 * @param disp - may be negative: from a structure inside the one that is meant.
 */
export function findStores(code: Uint8Array, disp: number, bytes: 4 | 8): Store[] {
  const found: Store[] = [];
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 3 < code.length; at++) {
    const store = storeAt(view, at, disp, bytes);
    if (store) found.push(store);
  }
  return found;
}

function storeAt(view: DataView, at: number, disp: number, bytes: 4 | 8): Store | undefined {
  const first = view.getUint8(at);
  const rex = (first & 0xf0) === 0x40 ? first : 0;
  const wide = (rex & 8) !== 0;
  if (wide !== (bytes === 8)) return undefined;
  let next = rex ? at + 1 : at;
  if (next + 1 >= view.byteLength) return undefined;
  const opcode = view.getUint8(next++);
  if (opcode !== ADD && opcode !== MOV && opcode !== MOV_CONSTANT) return undefined;
  const modrm = view.getUint8(next++);
  const register = ((modrm >> 3) & 7) | ((rex & 4) << 1);
  const base = (modrm & 7) | ((rex & 1) << 3);
  if ((modrm & 7) === NEEDS_SIB) {
    if (base !== 12 || next >= view.byteLength || view.getUint8(next++) !== SIB_BASE_ONLY) return undefined;
  }
  const length = modrm >> 6 === 1 ? 1 : modrm >> 6 === 2 ? 4 : 0;
  if (length === 0 || next + length > view.byteLength) return undefined;
  if ((length === 1 ? view.getInt8(next) : view.getInt32(next, true)) !== disp) return undefined;
  const where = { at, base: REGISTERS[base] ?? "" };
  if (opcode !== MOV_CONSTANT) return { ...where, value: { register: REGISTERS[register] ?? "" } };
  // C7 is a store only with 0 in the register field; the constant follows.
  if ((register & 7) !== 0 || next + length + 4 > view.byteLength) return undefined;
  return { ...where, value: { constant: view.getInt32(next + length, true) } };
}

/** Whether the code calls or jumps to `target` (`call rel32`, `jmp rel32`); both addresses count from the same place. */
export function callsTo(code: Uint8Array, codeAddress: bigint, target: bigint): boolean {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 5 <= code.length; at++) {
    const opcode = view.getUint8(at);
    if (opcode !== 0xe8 && opcode !== 0xe9) continue;
    if (codeAddress + BigInt(at + 5 + view.getInt32(at + 1, true)) === target) return true;
  }
  return false;
}
