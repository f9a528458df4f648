/**
 * Lines of the kernel's log that a text holds: dmesg, journal, a serial console. The trace engine makes events of those
 * that state transitions; whoever looks for a cause wants to read the others too.
 */
import type { Nanoseconds } from "../../base/clock.ts";
import { parseLogLine } from "../text/log-line.ts";
import { fileBytes, openInput } from "./input.ts";

export interface KernelLogLine {
  /** On the axis whose zero is the given origin. A log with dates has an axis of its own. */
  readonly tNs: Nanoseconds;
  readonly clock: "kernel" | "wall";
  readonly text: string;
}

/** Longer is no message of the kernel's. */
const MAX_LINE_CHARACTERS = 2048;

/**
 * @param originNs - the recording's: clock value of its time 0.
 * @param wanted - which messages to keep.
 * @throws what openInput throws.
 */
export async function* kernelLogOf(
  path: string,
  originNs: bigint,
  wanted: (message: string) => boolean,
): AsyncGenerator<KernelLogLine, void, undefined> {
  const { chunks } = await openInput(path, fileBytes(path));
  const originSeconds = Number(originNs / 1_000_000_000n);
  for await (const text of linesOf(chunks)) {
    const line = parseLogLine(text);
    const message = line && text.slice(line.messageAt).trimEnd();
    if (!line || message === undefined || message === "" || !wanted(message)) continue;
    yield { tNs: (line.seconds - originSeconds) * 1e9 + line.nanos, clock: line.clock, text: message };
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1")).split("\n");
    // what is too long already need not be remembered
    rest = (lines.pop() ?? "").slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) yield line.slice(0, MAX_LINE_CHARACTERS);
  }
  yield rest;
}
