/** BTF made by hand: just the kinds that a driver's structures are made of. Source: Documentation/bpf/btf.rst. */

interface Member {
  readonly name: string;
  readonly type: number;
  /** Byte offset. */
  readonly at: number;
}

const INT = 1;
const STRUCT = 4;
const ENUM = 6;
const FORWARD = 7;
const TYPEDEF = 8;

export class BtfBuilder {
  readonly #types: Buffer[] = [];
  readonly #names: Buffer[] = [];
  readonly #firstId: number;
  readonly #firstName: number;
  #nameBytes = 0;

  /** @param base - a split file goes on after its base's types and names. */
  constructor(base?: { nextId: number; stringBytes: number }) {
    this.#firstId = base?.nextId ?? 1;
    this.#firstName = base?.stringBytes ?? 0;
    if (!base) this.#name("");
  }

  get nextId(): number {
    return this.#firstId + this.#types.length;
  }

  int(name: string, bytes: number): number {
    return this.#type(name, INT, 0, bytes, words(bytes * 8));
  }

  forward(name: string): number {
    return this.#type(name, FORWARD, 0, 0);
  }

  typedef(name: string, type: number): number {
    return this.#type(name, TYPEDEF, 0, type);
  }

  struct(name: string, bytes: number, members: readonly Member[]): number {
    const body = members.map((member) => words(this.#name(member.name), member.type, member.at * 8));
    return this.#type(name, STRUCT, members.length, bytes, ...body);
  }

  enum(name: string, values: readonly string[]): number {
    const body = values.map((value, index) => words(this.#name(value), index));
    return this.#type(name, ENUM, values.length, 4, ...body);
  }

  bytes(): Buffer {
    const types = Buffer.concat(this.#types);
    const names = Buffer.concat(this.#names);
    const header = Buffer.alloc(24);
    header.writeUInt16LE(0xeb9f, 0);
    header.writeUInt8(1, 2);
    [24, 0, types.length, types.length, names.length].forEach(
      (value, index) => void header.writeUInt32LE(value, 4 + 4 * index),
    );
    return Buffer.concat([header, types, names]);
  }

  #type(name: string, kind: number, entries: number, sizeOrType: number, ...body: Buffer[]): number {
    this.#types.push(Buffer.concat([words(this.#name(name), (kind << 24) | entries, sizeOrType), ...body]));
    return this.nextId - 1;
  }

  #name(text: string): number {
    const at = this.#firstName + this.#nameBytes;
    const bytes = Buffer.from(`${text}\0`);
    this.#names.push(bytes);
    this.#nameBytes += bytes.length;
    return at;
  }
}

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
  return bytes;
};

export const PM_STATES = [
  ..."DISABLE POR M0 M2 M3_ENTER M3 M3_EXIT FW_DL_ERR SYS_ERR_DETECT SYS_ERR_PROCESS SYS_ERR_FAIL".split(" "),
  "SHUTDOWN_PROCESS",
  "LD_ERR_FATAL_DETECT",
  "MAX",
].map((name) => `MHI_PM_STATE_${name}`);

/** vmlinux and mhi as on 6.1.176 x86-64, as far as the probes look: offsets as the driver's compiled code shows them. */
export function driverBtf(pmStates: readonly string[] = PM_STATES): { vmlinux: Buffer; mhi: Buffer } {
  const vmlinux = new BtfBuilder();
  const long = vmlinux.int("long unsigned int", 8);
  const int = vmlinux.int("unsigned int", 4);
  vmlinux.struct("device", 16, [{ name: "parent", type: long, at: 8 }]);
  const base = vmlinux.bytes();
  const mhi = new BtfBuilder({ nextId: vmlinux.nextId, stringBytes: base.readUInt32LE(20) });
  const ring = mhi.struct("mhi_ring", 96, [
    { name: "base", type: long, at: 32 },
    { name: "rp", type: long, at: 40 },
    { name: "wp", type: long, at: 48 },
    { name: "len", type: long, at: 64 },
  ]);
  const ringType = mhi.typedef("ring_t", ring);
  mhi.struct("mhi_controller", 1024, [
    { name: "mhi_dev", type: long, at: 8 },
    { name: "pm_state", type: int, at: 340 },
    { name: "st_worker", type: long, at: 408 },
  ]);
  mhi.struct("mhi_device", 64, [
    { name: "name", type: long, at: 8 },
    { name: "mhi_cntrl", type: long, at: 16 },
  ]);
  mhi.struct("mhi_chan", 384, [
    { name: "tre_ring", type: ringType, at: 104 },
    { name: "chan", type: int, at: 200 },
    { name: "mhi_dev", type: long, at: 272 },
  ]);
  mhi.struct("mhi_event", 256, [
    { name: "mhi_cntrl", type: long, at: 0 },
    { name: "er_index", type: int, at: 16 },
    { name: "ring", type: ring, at: 40 },
  ]);
  mhi.enum("mhi_pm_state", pmStates);
  return { vmlinux: base, mhi: mhi.bytes() };
}
