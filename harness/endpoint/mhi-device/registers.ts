/**
 * The page of MHI registers: the register file.
 *
 *   MHI at 0, BHI, BHIe, channel doorbells and event-ring doorbells where the family has them.
 *
 * Any width and alignment of access is taken: the core uses 32 bits, but memset_io and 8-byte counters do occur. A write
 * is stored whole first and acted on after, so an 8-byte doorbell write rings once, with both halves.
 */
import { EDL_DOORBELL_CHANNEL, WAKE_DOORBELL_CHANNEL } from "../../mhi/channel.ts";
import type { ExecEnv } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import * as R from "../../mhi/registers.ts";
import { CONTEXT_BASES, MAX_EVENT_RINGS, type Meaning, RegisterMap } from "./register-map.ts";

export const REGISTER_BYTES = 4096;

const WORDS = REGISTER_BYTES / 4;
const NCH = 128;
const NHWCH = 8;

export interface RegisterEvents {
  control(value: number): void;
  channelDoorbell(channel: number, value: bigint): void;
  eventDoorbell(ring: number, value: bigint): void;
  commandDoorbell(value: bigint): void;
  wakeDoorbell(vote: boolean): void;
  edlDoorbell(cookie: number): void;
  /** BHI_IMGTXDB: an image lies ready in the host's memory. */
  imageDoorbell(session: number): void;
  /** BHIE_TXVECDB: an image lies ready in segments. */
  transmitVectorDoorbell(sequence: number): void;
  socReset(): void;
  /** A base address of a context array: the host is setting up anew. */
  contextBase(): void;
  /** Every other register write, for the log. */
  other(name: string, value: number): void;
  /** A write to a register that is read-only or does not exist. */
  ignored(name: string): void;
}

type Places = Pick<FamilyProfile, "registers">;

export class Registers {
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = Buffer.from(this.#words.buffer);
  readonly #events: RegisterEvents;
  readonly #bhi: number;
  readonly #bhie: number;
  readonly #layout: FamilyProfile["registers"];
  readonly #map: RegisterMap;

  constructor(events: RegisterEvents, { registers }: Places) {
    this.#events = events;
    this.#layout = registers;
    this.#bhi = registers.bhi;
    this.#bhie = registers.bhie;
    this.#map = new RegisterMap(registers);
    this.powerOn();
  }

  /** Values after power-on; the state and the EE are set by their owner. */
  powerOn(): void {
    this.#words.fill(0);
    this.set(R.MHIREGLEN, 0x100);
    this.set(R.MHIVER, 0x01000000);
    this.set(R.MHICFG, NCH | (NHWCH << 8) | (8 << 16) | (2 << 24));
    this.set(R.CHDBOFF, this.#layout.channelDoorbells);
    this.set(R.ERDBOFF, this.#layout.eventDoorbells);
    this.set(R.BHIOFF, this.#bhi);
    this.set(R.BHIEOFF, this.#bhie);
    this.setBhi(R.BHI_BHIVERSION_MAJOR, 1);
    this.setBhi(R.BHI_SERIALNU, 0x55d0_0001);
    this.setBhi(R.BHI_MSMHWID0, 0x000e_b0e1);
  }

  /** What an MHI RESET clears (4.8: MHICTRL, MHISTATUS and BHI INTVEC). */
  clearForReset(): void {
    for (const offset of [R.MHICTRL, R.MHISTATUS, ...CONTEXT_BASES]) this.set(offset, 0);
    this.setBhi(R.BHI_INTVEC, 0);
  }

  get(offset: number): number {
    return this.#words[offset >> 2] ?? 0;
  }

  set(offset: number, value: number): void {
    this.#words[offset >> 2] = value;
  }

  /** A register of the BHI block. */
  bhi(offset: number): number {
    return this.get(this.#bhi + offset);
  }

  setBhi(offset: number, value: number): void {
    this.set(this.#bhi + offset, value);
  }

  /** A register of the BHIe block. */
  bhie(offset: number): number {
    return this.get(this.#bhie + offset);
  }

  setBhie(offset: number, value: number): void {
    this.set(this.#bhie + offset, value);
  }

  /** A 64-bit value from a register pair, the lower word first. */
  pair(lower: number): bigint {
    return (BigInt(this.get(lower + 4)) << 32n) | BigInt(this.get(lower));
  }

  /** Address of an image in the host's memory: BHI_IMGADDR. */
  get imageAddress(): bigint {
    return this.pair(this.#bhi + R.BHI_IMGADDR_LOW);
  }

  /** Address of a table of segments: BHIE_TXVECADDR or BHIE_RXVECADDR. */
  vectorAddress(lower: typeof R.BHIE_TXVECADDR_LOW | typeof R.BHIE_RXVECADDR_LOW): bigint {
    return this.pair(this.#bhie + lower);
  }

  set execEnv(value: ExecEnv | number) {
    this.setBhi(R.BHI_EXECENV, value);
  }

  get execEnv(): number {
    return this.bhi(R.BHI_EXECENV);
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
    return this.bhi(R.BHI_INTVEC);
  }

  name(offset: number): string {
    return this.#map.name(offset & ~3);
  }

  /** Whether an access at `offset` meets an MHI register; the rest of the page is the SoC's. */
  owns(offset: number): boolean {
    return offset < REGISTER_BYTES && this.#map.meaning(offset & ~3).what !== "none";
  }

  /** `offset` and `lengthBytes` lie inside the page. */
  read(offset: number, lengthBytes: number): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, offset + lengthBytes));
  }

  write(offset: number, data: Uint8Array): void {
    const first = offset & ~3;
    const end = offset + data.length;
    for (let word = first; word < end; word += 4) this.#store(word, offset, data);
    for (let word = first; word < end; word += 4) this.#act(word, this.#map.meaning(word));
  }

  #store(word: number, offset: number, data: Uint8Array): void {
    const { what } = this.#map.meaning(word);
    if (what === "none" || what === "read-only") return;
    for (let at = Math.max(word, offset); at < Math.min(word + 4, offset + data.length); at++) {
      this.#bytes[at] = data[at - offset] ?? 0;
    }
  }

  #act(word: number, meaning: Meaning): void {
    if (meaning.what === "none" || meaning.what === "read-only") this.#events.ignored(this.name(word));
    else if (meaning.what === "plain") this.#plain(word);
    else if (meaning.upper) return;
    else if (meaning.what === "event-doorbell") this.#events.eventDoorbell(meaning.index, this.pair(word));
    else this.#channelDoorbell(meaning.index, this.pair(word));
  }

  #plain(word: number): void {
    const value = this.get(word);
    if (word === R.MHICTRL) this.#events.control(value);
    else if (word === R.CRDB_LOWER) this.#events.commandDoorbell(this.pair(word));
    else if (word === R.SOC_RESET_REQ) {
      if (value !== 0) this.#events.socReset();
    } else if (word !== R.CRDB_HIGHER) {
      this.#events.other(this.name(word), value);
      if (CONTEXT_BASES.has(word)) this.#events.contextBase();
      else if (word === this.#bhi + R.BHI_IMGTXDB) this.#events.imageDoorbell(sequenceOf(value));
      else if (word === this.#bhie + R.BHIE_TXVECDB) this.#events.transmitVectorDoorbell(sequenceOf(value));
    }
  }

  #channelDoorbell(channel: number, value: bigint): void {
    if (channel === WAKE_DOORBELL_CHANNEL) this.#events.wakeDoorbell(value !== 0n);
    else if (channel === EDL_DOORBELL_CHANNEL) this.#events.edlDoorbell(Number(value & 0xffffffffn));
    else this.#events.channelDoorbell(channel, value);
  }
}

/** Session of an image doorbell and sequence of a vector: the lower 30 bits. */
const sequenceOf = (value: number): number => value & 0x3fffffff;
