/** The integer types that a `print fmt` may name, and C's rules for mixing them. */

export interface CType {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}

export const INT: CType = { bytes: 4, signed: true };
export const UINT: CType = { bytes: 4, signed: false };
export const LONG: CType = { bytes: 8, signed: true };
export const ULONG: CType = { bytes: 8, signed: false };

const ofSize = (bytes: CType["bytes"], signed: boolean): CType => ({ bytes, signed });

/** Typedefs that the kernel's trace events use in casts, beside those whose names tell their size. */
const TYPEDEFS: ReadonlyMap<string, CType | "long" | "ulong"> = new Map<string, CType | "long" | "ulong">([
  ["bool", ofSize(1, false)],
  ["_Bool", ofSize(1, false)],
  ["uint", UINT],
  ["ulong", "ulong"],
  ["size_t", "ulong"],
  ["ssize_t", "long"],
  ["uintptr_t", "ulong"],
  ["intptr_t", "long"],
  ["loff_t", LONG],
  ["sector_t", ULONG],
  ["dma_addr_t", ULONG],
  ["phys_addr_t", ULONG],
  ["blkcnt_t", ULONG],
  ["ino_t", "ulong"],
  ["pgoff_t", "ulong"],
  ["time64_t", LONG],
  ["ktime_t", LONG],
  ["gfp_t", UINT],
  ["dev_t", UINT],
  ["fmode_t", UINT],
  ["blk_opf_t", UINT],
  ["uid_t", UINT],
  ["gid_t", UINT],
  ["pid_t", INT],
  ["umode_t", ofSize(2, false)],
]);

/** `u32`, `__le16`, `int64_t`, `__s8`: 1 sign letter, 2 bits. */
const SIZED = /^(?:__)?(u|s|le|be|uint|int)(8|16|32|64)(?:_t)?$/;
const WORDS = new Set(["unsigned", "signed", "char", "short", "int", "long", "void", "const", "volatile"]);
const TAGS = new Set(["struct", "union", "enum"]);

/** Whether a name starts a type, as far as its spelling tells. */
export const startsType = (name: string): boolean =>
  WORDS.has(name) || TAGS.has(name) || TYPEDEFS.has(name) || SIZED.test(name) || /^\w+_t$/.test(name);

/**
 * The integer type of a declaration's words, `const` and `volatile` left out. Undefined for what is no integer or
 * unknown (a struct, a driver's own typedef).
 */
export function integerType(words: readonly string[], longBytes: 4 | 8): CType | undefined {
  const plain = words.filter((word) => word !== "const" && word !== "volatile");
  const [first = ""] = plain;
  if (first === "enum") return UINT;
  if (plain.length === 1) {
    const sized = SIZED.exec(first);
    if (sized) return ofSize((Number(sized[2]) / 8) as CType["bytes"], sized[1] === "s" || sized[1] === "int");
    const known = TYPEDEFS.get(first);
    if (known !== undefined) return typeof known === "string" ? ofSize(longBytes, known === "long") : known;
  }
  if (plain.length === 0 || !plain.every((word) => WORDS.has(word)) || plain.includes("void")) return undefined;
  const signed = !plain.includes("unsigned");
  if (plain.includes("char")) return ofSize(1, signed);
  if (plain.includes("short")) return ofSize(2, signed);
  const longs = plain.filter((word) => word === "long").length;
  return longs === 0 ? ofSize(4, signed) : ofSize(longs === 1 ? longBytes : 8, signed);
}

/** What a small type becomes before it is reckoned with. */
export const promoted = (type: CType): CType => (type.bytes < 4 ? INT : type);

/** The common type of two operands. */
export function commonType(left: CType, right: CType): CType {
  const a = promoted(left);
  const b = promoted(right);
  if (a.bytes !== b.bytes) return a.bytes > b.bytes ? a : b;
  return a.signed ? b : a;
}
