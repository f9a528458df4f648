/**
 * The kernel's own description of its types: where a member lies in a structure, what number an enumerator has. Read
 * from /sys/kernel/btf/vmlinux, and for a module from its split file, which goes on where the former ends.
 *
 * Source: Documentation/bpf/btf.rst. Little endian only, as the rest of the collector.
 */
import { RigFault } from "../../base/errors.ts";

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;

const PTR = 2;
const STRUCT = 4;
const UNION = 5;
const ENUM = 6;
const TYPEDEF = 8;
const VOLATILE = 9;
const CONST = 10;
const RESTRICT = 11;
const TYPE_TAG = 18;

/** Bytes after the twelve of a type, by kind: fixed and for each of its `vlen` entries. */
const EXTRA: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0], // void
  [4, 0], // int
  [0, 0], // pointer
  [12, 0], // array
  [0, 12], // struct
  [0, 12], // union
  [0, 8], // enum
  [0, 0], // forward declaration
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // function
  [0, 8], // function prototype
  [4, 0], // variable
  [0, 12], // data section
  [0, 0], // float
  [4, 0], // declaration tag
  [0, 0], // type tag
  [0, 12], // enum64
];

const broken = (what: string): RigFault =>
  new RigFault("trace-btf", `the kernel's BTF cannot be read: ${what}; its structures are not known`);

interface BtfType {
  readonly name: string;
  readonly kind: number;
  /** Of a pointer, typedef or qualifier: what it refers to. */
  readonly refersTo: number;
  /** Byte of its entries, and how many there are. */
  readonly at: number;
  readonly entries: number;
  readonly bitFields: boolean;
}

export class Btf {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #base: Btf | undefined;
  readonly #stringsAt: number;
  readonly #stringBytes: number;
  /** Byte of each own type; the first one's id follows the base's last. */
  readonly #typeAt: number[] = [];
  readonly #structs = new Map<string, number>();
  readonly #enums = new Map<string, number>();

  /** @throws RigFault `trace-btf` on anything but whole little-endian BTF. */
  constructor(bytes: Uint8Array, base?: Btf) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
    if (bytes.length < HEADER_BYTES) throw broken(`${bytes.length} bytes, a header has ${HEADER_BYTES}`);
    const magic = this.#view.getUint16(0, true);
    if (magic !== MAGIC) throw broken(`it begins with 0x${magic.toString(16)}, expected 0xeb9f`);
    const [header, typesAt, typeBytes, stringsAt, stringBytes] = [4, 8, 12, 16, 20].map((at) => this.#u32(at)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    this.#stringsAt = header + stringsAt;
    this.#stringBytes = stringBytes;
    const end = header + typesAt + typeBytes;
    if (end > bytes.length || this.#stringsAt + stringBytes > bytes.length) {
      throw broken(`it has ${bytes.length} bytes, its header tells of ${Math.max(end, this.#stringsAt + stringBytes)}`);
    }
    this.#walk(header + typesAt, end);
  }

  /** Id after the last type: 0 is void, which no file lists. */
  get nextId(): number {
    return this.#firstId + this.#typeAt.length;
  }

  get stringBytes(): number {
    return (this.#base?.stringBytes ?? 0) + this.#stringBytes;
  }

  /** Byte offset of `member`, a name or a path through embedded structures (`ring.rp`); undefined when there is none. */
  offsetOf(struct: string, member: string): number | undefined {
    let id = this.#structs.get(struct) ?? this.#base?.structId(struct);
    let offset = 0;
    for (const name of member.split(".")) {
      const found = id === undefined ? undefined : this.#member(id, name);
      if (!found) return undefined;
      offset += found.offset;
      id = found.type;
    }
    return offset;
  }

  structId(name: string): number | undefined {
    return this.#structs.get(name) ?? this.#base?.structId(name);
  }

  /** Enumerators of a named enum; undefined when there is no such enum. */
  enumerators(name: string): ReadonlyMap<string, number> | undefined {
    const id = this.#enums.get(name);
    if (id === undefined) return this.#base?.enumerators(name);
    const { at, entries } = this.type(id);
    const found = new Map<string, number>();
    for (let entry = 0; entry < entries; entry++) {
      found.set(this.string(this.#u32(at + entry * 8)), this.#view.getInt32(at + entry * 8 + 4, true));
    }
    return found;
  }

  /** @throws RigFault `trace-btf` for an id that no type has. */
  type(id: number): BtfType {
    if (id < this.#firstId && this.#base) return this.#base.type(id);
    const at = this.#typeAt[id - this.#firstId];
    if (at === undefined) throw broken(`no type ${id}, the last one is ${this.nextId - 1}`);
    const info = this.#u32(at + 4);
    const kind = (info >>> 24) & 0x1f;
    return {
      name: this.string(this.#u32(at)),
      kind,
      refersTo: this.#u32(at + 8),
      at: at + 12,
      entries: info & 0xffff,
      bitFields: info >>> 31 === 1,
    };
  }

  string(offset: number): string {
    const before = this.#base?.stringBytes ?? 0;
    if (offset < before && this.#base) return this.#base.string(offset);
    const own = offset - before;
    if (own >= this.#stringBytes) throw broken(`a name at byte ${own} of ${this.#stringBytes} bytes of names`);
    const from = this.#stringsAt + own;
    const end = this.#bytes.indexOf(0, from);
    return Buffer.from(this.#bytes.subarray(from, end < 0 ? this.#stringsAt + this.#stringBytes : end)).toString();
  }

  /** Offset and type of a struct's member; looks through members without a name. */
  #member(id: number, wanted: string): { offset: number; type: number } | undefined {
    const owner = id < this.#firstId && this.#base ? this.#base : this;
    if (owner !== this) return owner.#member(id, wanted);
    const { kind, at, entries, bitFields } = this.type(this.#resolved(id));
    if (kind !== STRUCT && kind !== UNION) return undefined;
    for (let entry = 0; entry < entries; entry++) {
      const name = this.string(this.#u32(at + entry * 12));
      const type = this.#u32(at + entry * 12 + 4);
      const word = this.#u32(at + entry * 12 + 8);
      const offset = (bitFields ? word & 0xff_ffff : word) / 8;
      if (name === wanted) return { offset, type };
      const within = name === "" ? this.#member(type, wanted) : undefined;
      if (within) return { offset: offset + within.offset, type: within.type };
    }
    return undefined;
  }

  /** Through typedefs and qualifiers, not through pointers. */
  #resolved(id: number): number {
    const transparent = [TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG];
    let at = id;
    for (let steps = 0; steps < 32; steps++) {
      const { kind, refersTo } = this.type(at);
      if (kind === PTR || !transparent.includes(kind)) return at;
      at = refersTo;
    }
    throw broken(`type ${id} refers to itself`);
  }

  get #firstId(): number {
    return this.#base?.nextId ?? 1;
  }

  #walk(from: number, end: number): void {
    for (let at = from; at < end; ) {
      if (at + 12 > end) throw broken(`type ${this.nextId} is cut at byte ${at}`);
      const info = this.#u32(at + 4);
      const kind = (info >>> 24) & 0x1f;
      const extra = EXTRA[kind];
      if (!extra) throw broken(`type ${this.nextId} at byte ${at} is of the unknown kind ${kind}`);
      this.#typeAt.push(at);
      if (kind === STRUCT || kind === UNION) this.#index(this.#structs, at);
      if (kind === ENUM) this.#index(this.#enums, at);
      at += 12 + extra[0] + extra[1] * (info & 0xffff);
      if (at > end) throw broken(`type ${this.nextId - 1} reaches beyond the types, to byte ${at}`);
    }
  }

  #index(names: Map<string, number>, at: number): void {
    const name = this.string(this.#u32(at));
    if (name !== "" && !names.has(name)) names.set(name, this.nextId - 1);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }
}
