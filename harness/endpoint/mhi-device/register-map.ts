/**
 * Which register stands where in a family's BAR: names for the log, what the host may write, what a write means.
 * Source: drivers/bus/mhi/common.h; the places of the blocks are the family's.
 */
import { MAX_CHANNELS } from "../../mhi/channel.ts";
import type { RegisterLayout } from "../../mhi/families/family.ts";
import * as R from "../../mhi/registers.ts";

/** One page of doorbells would hold 288; the driver's largest family has 10 rings. */
export const MAX_EVENT_RINGS = 32;

const MHI_BYTES = 0xb4;
const BHI_BYTES = 0xc8;
const BHIE_BYTES = 0x7c;

export const CONTEXT_BASES: ReadonlySet<number> = new Set([
  R.CCABAP_LOWER,
  R.CCABAP_HIGHER,
  R.ECABAP_LOWER,
  R.ECABAP_HIGHER,
  R.CRCBAP_LOWER,
  R.CRCBAP_HIGHER,
]);

const MHI_WRITABLE = [
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
];

/** Registers of the BHI block that the host writes, with their names. */
const BHI_WRITABLE: ReadonlyMap<number, string> = new Map([
  [R.BHI_IMGADDR_LOW, "BHI_IMGADDR_LOW"],
  [R.BHI_IMGADDR_HIGH, "BHI_IMGADDR_HIGH"],
  [R.BHI_IMGSIZE, "BHI_IMGSIZE"],
  [R.BHI_IMGTXDB, "BHI_IMGTXDB"],
  [R.BHI_INTVEC, "BHI_INTVEC"],
  [R.BHI_STATUS, "BHI_STATUS"], // cleared before a transfer
]);

const BHIE_WRITABLE: ReadonlyMap<number, string> = new Map([
  [R.BHIE_TXVECADDR_LOW, "BHIE_TXVECADDR_LOW"],
  [R.BHIE_TXVECADDR_HIGH, "BHIE_TXVECADDR_HIGH"],
  [R.BHIE_TXVECSIZE, "BHIE_TXVECSIZE"],
  [R.BHIE_TXVECDB, "BHIE_TXVECDB"],
  [R.BHIE_TXVECSTATUS, "BHIE_TXVECSTATUS"],
  [R.BHIE_RXVECADDR_LOW, "BHIE_RXVECADDR_LOW"],
  [R.BHIE_RXVECADDR_HIGH, "BHIE_RXVECADDR_HIGH"],
  [R.BHIE_RXVECSIZE, "BHIE_RXVECSIZE"],
  [R.BHIE_RXVECDB, "BHIE_RXVECDB"],
  [R.BHIE_RXVECSTATUS, "BHIE_RXVECSTATUS"],
  // reserved words between: the host clears the whole block with one memset_io
  [0x6c, "BHIE+0x6c"],
  [0x74, "BHIE+0x74"],
]);

/** What a write to a word is about. */
export type Meaning = Doorbell<"channel-doorbell"> | Doorbell<"event-doorbell"> | Plain<"plain" | "read-only" | "none">;

interface Doorbell<What extends string> {
  readonly what: What;
  readonly index: number;
  readonly upper: boolean;
}
type Plain<What extends string> = What extends string ? { readonly what: What } : never;

export class RegisterMap {
  readonly #layout: RegisterLayout;
  readonly #names = new Map<number, string>();
  readonly #writable: ReadonlySet<number>;

  constructor(layout: RegisterLayout) {
    this.#layout = layout;
    const writable = new Set<number>(MHI_WRITABLE);
    for (const [offset, name] of BHI_WRITABLE) this.#name(layout.bhi + offset, name, writable);
    for (const [offset, name] of BHIE_WRITABLE) this.#name(layout.bhie + offset, name, writable);
    this.#names.set(layout.bhi + R.BHI_EXECENV, "BHI_EXECENV");
    this.#writable = writable;
  }

  #name(word: number, name: string, writable: Set<number>): void {
    this.#names.set(word, name);
    writable.add(word);
  }

  /** `word` is a multiple of 4. */
  meaning(word: number): Meaning {
    const { channelDoorbells, eventDoorbells } = this.#layout;
    const channel = (word - channelDoorbells) >> 3;
    if (word >= channelDoorbells && channel < MAX_CHANNELS) {
      return { what: "channel-doorbell", index: channel, upper: (word & 4) !== 0 };
    }
    const ring = (word - eventDoorbells) >> 3;
    if (word >= eventDoorbells && ring < MAX_EVENT_RINGS) {
      return { what: "event-doorbell", index: ring, upper: (word & 4) !== 0 };
    }
    if (this.#writable.has(word)) return { what: "plain" };
    return { what: this.#inBlock(word) ? "read-only" : "none" };
  }

  name(word: number): string {
    const name = this.#names.get(word) ?? R.mhiRegisterName(word);
    if (name !== undefined) return name;
    const meaning = this.meaning(word);
    if (meaning.what === "plain" || meaning.what === "read-only" || meaning.what === "none") {
      return `BAR0+0x${word.toString(16)}`;
    }
    const kind = meaning.what === "channel-doorbell" ? "CHDB" : "ERDB";
    return `${kind}${meaning.index}_${meaning.upper ? "HIGHER" : "LOWER"}`;
  }

  #inBlock(word: number): boolean {
    const { bhi, bhie } = this.#layout;
    return word < MHI_BYTES || (word >= bhi && word < bhi + BHI_BYTES) || (word >= bhie && word < bhie + BHIE_BYTES);
  }
}
