/** Bytes to lines, each with the time at which its first byte came. */
import { StringDecoder } from "node:string_decoder";
import type { Nanoseconds } from "../../base/clock.ts";
import { toPrintable } from "./printable.ts";

export interface SplitLine {
  readonly atNs: Nanoseconds;
  readonly text: string;
}

/** A host that prints no newline must not fill our memory. */
const MAX_LINE_CHARS = 8192;

export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #pending = "";
  #startedNs: Nanoseconds = 0;

  /** What has come of a line that is not ended: a prompt. */
  get pending(): string {
    return toPrintable(this.#pending);
  }

  push(chunk: Buffer, atNs: Nanoseconds): SplitLine[] {
    const lines: SplitLine[] = [];
    for (const piece of this.#decoder.write(chunk).split(/(\n)/)) {
      if (piece === "\n") lines.push(...this.flush());
      else this.#add(piece, atNs, lines);
    }
    return lines;
  }

  /** Ends the line that is being read, if there is one or a newline asked for it. */
  flush(): SplitLine[] {
    // CR at the end belongs to the newline; CR within rewinds a progress line, which is shown as a line of its own.
    const text = this.#pending.replace(/\r+$/, "");
    const atNs = this.#startedNs;
    this.#pending = "";
    return text === "" ? [] : text.split(/\r+/).map((part) => ({ atNs, text: toPrintable(part) }));
  }

  #add(piece: string, atNs: Nanoseconds, lines: SplitLine[]): void {
    if (piece === "") return;
    if (this.#pending === "") this.#startedNs = atNs;
    this.#pending += piece;
    while (this.#pending.length > MAX_LINE_CHARS) {
      const rest = this.#pending.slice(MAX_LINE_CHARS);
      this.#pending = this.#pending.slice(0, MAX_LINE_CHARS);
      lines.push(...this.flush());
      this.#pending = rest;
      this.#startedNs = atNs;
    }
  }
}
