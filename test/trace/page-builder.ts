/** Ring-buffer pages built by hand, for what real recordings rarely hold. */
export const HEADER_PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

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
