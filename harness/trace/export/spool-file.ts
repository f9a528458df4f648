/** Pages of many CPUs side by side in one nameless temporary file, so that memory does not grow with the recording. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError, RigFault } from "../../base/errors.ts";

export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

export class SpoolFile {
  #descriptor: number | undefined;
  #size = 0;

  /** @throws RigFault `trace-spool` when the disk is full or not writable. */
  append(bytes: Uint8Array): Extent {
    const offset = this.#size;
    try {
      this.#descriptor ??= nameless();
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
      }
    } catch (cause) {
      throw new RigFault(
        "trace-spool",
        `no room for the pages of the new trace.dat in ${tmpdir()} after ${offset} bytes: ${describeError(cause)}; set TMPDIR to a larger disk`,
        { cause },
      );
    }
    this.#size += bytes.length;
    return { offset, bytes: bytes.length };
  }

  read({ offset, bytes }: Extent): Uint8Array {
    const into = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes && this.#descriptor !== undefined; ) {
      const got = readSync(this.#descriptor, into, done, bytes - done, offset + done);
      if (got === 0) throw new RigFault("trace-spool", `the temporary copy of the pages ends at byte ${offset + done}`);
      done += got;
    }
    return into;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function nameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-"));
  try {
    const path = join(folder, "pages");
    const descriptor = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return descriptor;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
