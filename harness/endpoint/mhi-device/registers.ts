/**
 * BAR0: the register file.
 *
 *   0x000 MHI   0x100 BHI   0x200 BHIe   0x300 channel doorbells   0x700 event-ring doorbells
 *
 * The same places as a Linux PCIe endpoint uses on SDX55. Any width and alignment of access is taken: the core uses
 * 32 bits, but memset_io and 8-byte counters do occur. A write is stored whole first and acted on after, so an 8-byte
 * doorbell write rings once, with both halves.
 */
import { EDL_DOORBELL_CHANNEL, MAX_CHANNELS, WAKE_DOORBELL_CHANNEL } from "../../mhi/channel.ts";
import type { ExecEnv } from "../../mhi/exec-env.ts";
import * as R from "../../mhi/registers.ts";

export const BAR_BYTES = 4096;
export const BHI_AT = 0x100;
export const BHIE_AT = 0x200;
export const CHDB_AT = 0x300;
export const ERDB_AT = 0x700;
/** One page of doorbells would hold 288; the driver's largest family has 10 rings. */
export const MAX_EVENT_RINGS = 32;

const WORDS = BAR_BYTES / 4;
const NCH = 128;
const NHWCH = 8;

export interface RegisterEvents {
  control(value: number): void;
  channelDoorbell(channel: number, value: bigint): void;
  eventDoorbell(ring: number, value: bigint): void;
  commandDoorbell(value: bigint): void;
  wakeDoorbell(vote: boolean): void;
  edlDoorbell(cookie: number): void;
  socReset(): void;
  /** A base address of a context array: the host is setting up anew. */
  contextBase(): void;
  /** Every other register write, for the log. */
  other(name: string, value: number): void;
  /** A write to a register that is read-only or does not exist. */
  ignored(name: string): void;
}

const CONTEXT_BASES = new Set([
  R.CCABAP_LOWER,
  R.CCABAP_HIGHER,
  R.ECABAP_LOWER,
  R.ECABAP_HIGHER,
  R.CRCBAP_LOWER,
  R.CRCBAP_HIGHER,
]);

/** Registers that the host may write; the rest is read-only or not there. */
const PLAIN_WRITABLE = new Set([
  ...CONTEXT_BASES,
  R.MHICFG,
  R.CRDB_LOWER,
  R.CRDB_HIGHER,
  R.MHICTRLBASE_LOWER,
  R.MHICTRLBASE_HIGHER,
  R.MHICTRLLIMIT_LOWER,
  R.MHICTRLLIMIT_HIGHER,
  R.MHIDATABASE_LOWER,
  R.MHIDATABASE_HIGHER,
  R.MHIDATALIMIT_LOWER,
  R.MHIDATALIMIT_HIGHER,
  R.MHICTRL,
  R.SOC_RESET_REQ,
  BHI_AT + R.BHI_IMGADDR_LOW,
  BHI_AT + R.BHI_IMGADDR_HIGH,
  BHI_AT + R.BHI_IMGSIZE,
  BHI_AT + R.BHI_IMGTXDB,
  BHI_AT + R.BHI_INTVEC,
  BHIE_AT + R.BHIE_TXVECADDR_LOW,
  BHIE_AT + R.BHIE_TXVECADDR_HIGH,
  BHIE_AT + R.BHIE_TXVECSIZE,
  BHIE_AT + R.BHIE_TXVECDB,
  BHIE_AT + R.BHIE_RXVECADDR_LOW,
  BHIE_AT + R.BHIE_RXVECADDR_HIGH,
  BHIE_AT + R.BHIE_RXVECSIZE,
  BHIE_AT + R.BHIE_RXVECDB,
]);

const BHI_NAMES = new Map<number, string>([
  [BHI_AT + R.BHI_INTVEC, "BHI_INTVEC"],
  [BHI_AT + R.BHI_EXECENV, "BHI_EXECENV"],
  [BHI_AT + R.BHI_IMGTXDB, "BHI_IMGTXDB"],
]);

export function registerName(offset: number): string {
  const name = R.mhiRegisterName(offset) ?? BHI_NAMES.get(offset);
  if (name) return name;
  if (offset >= ERDB_AT && offset < ERDB_AT + 8 * MAX_EVENT_RINGS) return doorbellName("ERDB", offset - ERDB_AT);
  if (offset >= CHDB_AT && offset < CHDB_AT + 8 * MAX_CHANNELS) return doorbellName("CHDB", offset - CHDB_AT);
  return `BAR0+0x${offset.toString(16)}`;
}
const doorbellName = (kind: string, at: number): string => `${kind}${at >> 3}_${at & 4 ? "HIGHER" : "LOWER"}`;

export class Registers {
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = Buffer.from(this.#words.buffer);
  readonly #events: RegisterEvents;

  constructor(events: RegisterEvents) {
    this.#events = events;
    this.powerOn();
  }

  /** Values after power-on; the state and the EE are set by their owner. */
  powerOn(): void {
    this.#words.fill(0);
    this.set(R.MHIREGLEN, 0x100);
    this.set(R.MHIVER, 0x01000000);
    this.set(R.MHICFG, NCH | (NHWCH << 8) | (8 << 16) | (2 << 24));
    this.set(R.CHDBOFF, CHDB_AT);
    this.set(R.ERDBOFF, ERDB_AT);
    this.set(R.BHIOFF, BHI_AT);
    this.set(R.BHIEOFF, BHIE_AT);
    this.set(BHI_AT + R.BHI_BHIVERSION_MAJOR, 1);
    this.set(BHI_AT + R.BHI_SERIALNU, 0x55d0_0001);
    this.set(BHI_AT + R.BHI_MSMHWID0, 0x000e_b0e1);
  }

  /** What an MHI RESET clears (4.8: MHICTRL, MHISTATUS and BHI INTVEC). */
  clearForReset(): void {
    for (const offset of [R.MHICTRL, R.MHISTATUS, BHI_AT + R.BHI_INTVEC, ...CONTEXT_BASES]) this.set(offset, 0);
  }

  get(offset: number): number {
    return this.#words[offset >> 2] ?? 0;
  }

  set(offset: number, value: number): void {
    this.#words[offset >> 2] = value;
  }

  /** A 64-bit value from a register pair. */
  pair(lower: number): bigint {
    return (BigInt(this.get(lower + 4)) << 32n) | BigInt(this.get(lower));
  }

  set execEnv(value: ExecEnv) {
    this.set(BHI_AT + R.BHI_EXECENV, value);
  }

  get execEnv(): number {
    return this.get(BHI_AT + R.BHI_EXECENV);
  }

  set status(value: number) {
    this.set(R.MHISTATUS, value);
  }

  /** The event rings that the host uses: MHICFG.NER. */
  get eventRings(): number {
    return Math.min(MAX_EVENT_RINGS, (this.get(R.MHICFG) >>> 16) & 0xff);
  }

  /** Vector for the BHI interrupt. */
  get bhiVector(): number {
    return this.get(BHI_AT + R.BHI_INTVEC);
  }

  /** `offset` and `lengthBytes` lie inside the BAR. */
  read(offset: number, lengthBytes: number): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, offset + lengthBytes));
  }

  write(offset: number, data: Uint8Array): void {
    const first = offset & ~3;
    const end = offset + data.length;
    for (let word = first; word < end; word += 4) this.#store(word, offset, data);
    for (let word = first; word < end; word += 4) this.#act(word);
  }

  #store(word: number, offset: number, data: Uint8Array): void {
    if (!PLAIN_WRITABLE.has(word) && !isDoorbell(word)) return;
    for (let at = Math.max(word, offset); at < Math.min(word + 4, offset + data.length); at++) {
      this.#bytes[at] = data[at - offset] ?? 0;
    }
  }

  #act(word: number): void {
    const value = this.get(word);
    if (word >= ERDB_AT && word < ERDB_AT + 8 * MAX_EVENT_RINGS) {
      if ((word & 4) === 0) this.#events.eventDoorbell((word - ERDB_AT) >> 3, this.pair(word));
    } else if (word >= CHDB_AT && word < CHDB_AT + 8 * MAX_CHANNELS) {
      if ((word & 4) === 0) this.#channelDoorbell((word - CHDB_AT) >> 3, this.pair(word));
    } else if (word === R.MHICTRL) this.#events.control(value);
    else if (word === R.CRDB_LOWER) this.#events.commandDoorbell(this.pair(word));
    else if (word === R.SOC_RESET_REQ) {
      if (value !== 0) this.#events.socReset();
    } else if (!PLAIN_WRITABLE.has(word)) this.#events.ignored(registerName(word));
    else if (word !== R.CRDB_HIGHER) {
      this.#events.other(registerName(word), value);
      if (CONTEXT_BASES.has(word)) this.#events.contextBase();
    }
  }

  #channelDoorbell(channel: number, value: bigint): void {
    if (channel === WAKE_DOORBELL_CHANNEL) this.#events.wakeDoorbell(value !== 0n);
    else if (channel === EDL_DOORBELL_CHANNEL) this.#events.edlDoorbell(Number(value & 0xffffffffn));
    else this.#events.channelDoorbell(channel, value);
  }
}

const isDoorbell = (word: number): boolean =>
  (word >= CHDB_AT && word < CHDB_AT + 8 * MAX_CHANNELS) || (word >= ERDB_AT && word < ERDB_AT + 8 * MAX_EVENT_RINGS);
