/** A pipe that is still written to. */
import { isDat } from "../dat/read-dat.ts";
import { sniffText } from "../text/sniff.ts";

/** So much of a pipe tells what it is: a trace.dat's magic, or a line of trace text. A login's greeting does not. */
export const isTold = (head: Uint8Array): boolean =>
  isDat(head) || (head.includes(0x0a) && !("notText" in sniffText(head)));

/** All bytes up to the end or the signal; what comes after it is left where it is. */
export async function* until(signal: AbortSignal, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  const stopped = new Promise<undefined>((resolve) =>
    signal.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  while (!signal.aborted) {
    const next = await Promise.race([iterator.next(), stopped]);
    if (!next || next.done) return;
    yield next.value;
  }
}
