/** Ring-buffer pages built by hand, for what real recordings rarely hold. */
export const HEADER_PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

/** `events/header_page` of a host with longs of four bytes, or with larger sub-buffers. */
export function headerPage({ longBytes = 8, pageBytes = 4096 }: { longBytes?: 4 | 8; pageBytes?: number }): string {
  const data = 8 + longBytes;
  return HEADER_PAGE.replace("size:8;\tsigned:1", `size:${longBytes};\tsigned:1`).replace(
    "offset:16;\tsize:4080",
    `offset:${data};\tsize:${pageBytes - data}`,
  );
}

export const PRINT_FORMAT = `name: print
ID: 5
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:unsigned long ip;	offset:8;	size:8;	signed:0;
	field:char buf[];	offset:16;	size:0;	signed:0;

print fmt: "%ps: %s", (void *)REC->ip, REC->buf
`;

export class PageBuilder {
  readonly bytes = Buffer.alloc(4096);
  #at = 16;

  constructor(ns: bigint) {
    this.bytes.writeBigUInt64LE(ns, 0);
  }

  word(value: number): this {
    this.#at = this.bytes.writeUInt32LE(value >>> 0, this.#at);
    return this;
  }

  head(type: number, delta: number): this {
    return this.word(((delta << 5) | type) >>> 0);
  }

  /** A marker of pid 7 in the short form, or with the length in a word of its own. */
  marker(delta: number, text: string, form: "short" | "long" = "short"): this {
    const payload = Buffer.alloc(Math.ceil((16 + text.length + 2) / 4) * 4);
    payload.writeUInt16LE(5, 0);
    payload.writeInt32LE(7, 4);
    payload.write(`${text}\n`, 16, "latin1");
    if (form === "short") this.head(payload.length / 4, delta);
    else this.head(0, delta).word(payload.length + 4);
    this.#at += payload.copy(this.bytes, this.#at);
    return this;
  }

  done(flags: { missed?: number | "unknown"; commit?: number } = {}): Buffer {
    const used = flags.commit ?? this.#at - 16;
    let commit = used;
    if (flags.missed !== undefined) commit += 2 ** 31;
    if (typeof flags.missed === "number") {
      commit += 2 ** 30;
      this.bytes.writeBigUInt64LE(BigInt(flags.missed), 16 + used);
    }
    this.bytes.writeUInt32LE(commit, 8);
    return this.bytes;
  }
}

/** Field -> value; a text for a `__data_loc` or `__rel_loc` field. */
export type Values = Readonly<Record<string, number | bigint | string>>;

export interface RecordOptions {
  /** What the string's location says, in place of the truth: bytes, or where it begins in the record. */
  readonly located?: { readonly at?: number; readonly bytes?: number };
}

const FIELD = /field:([^;]*?)(\w+)(?:\[\d*\])?;\s*offset:(\d+);\s*size:(\d+)/g;

/** Payload of a record, laid out as its event's `format` file says; strings behind the fields, with their NUL. */
export function buildRecord(format: string, values: Values, { located = {} }: RecordOptions = {}): Buffer {
  const fields = [...format.matchAll(FIELD)].map(([, type = "", name = "", at, size]) => {
    return { type, name, at: Number(at), size: Number(size) };
  });
  const end = Math.max(...fields.map(({ at, size }) => at + size));
  const texts = fields.filter(({ type }) => /_loc /.test(type)).map(({ name }) => `${values[name] ?? ""}\0`);
  const record = Buffer.alloc(Math.ceil((end + texts.join("").length) / 4) * 4);
  record.writeUInt16LE(Number(/^ID: (\d+)$/m.exec(format)?.[1]), 0);
  let textAt = end;
  for (const { type, name, at, size } of fields) {
    const value = values[name] ?? 0;
    if (typeof value === "string") {
      const bytes = record.write(`${value}\0`, textAt, "latin1");
      const from = located.at ?? (type.startsWith("__rel_loc") ? textAt - at - size : textAt);
      record.writeUInt32LE((((located.bytes ?? bytes) << 16) | from) >>> 0, at);
      textAt += bytes;
    } else if (name !== "common_type") {
      const bits = BigInt.asUintN(size * 8, BigInt(value));
      for (let i = 0; i < size; i++) record[at + i] = Number((bits >> BigInt(8 * i)) & 0xffn);
    }
  }
  return record;
}

/** One page with these records, all of one time, laid out as `events/header_page` says. */
export function pageOf(header: string, ns: bigint, records: readonly Buffer[]): Buffer {
  const [, at = "", size = ""] = /field: char data;\s*offset:(\d+);\s*size:(\d+)/.exec(header) ?? [];
  const page = Buffer.alloc(Number(at) + Number(size));
  page.writeBigUInt64LE(ns, 0);
  let end = Number(at);
  for (const record of records) {
    end = page.writeUInt32LE(record.length / 4, end);
    end += record.copy(page, end);
  }
  page.writeUInt32LE(end - Number(at), 8);
  return page;
}
