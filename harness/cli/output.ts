/** Where a command's output goes: standard output, or a file that appears only when it is whole. */
import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { describeError, RigFault, UsageError } from "../base/errors.ts";

export interface Output {
  write(chunk: string | Uint8Array): Promise<void>;
  /** All was written. */
  done(): void;
  /** Something failed on the way: no half file stays. */
  drop(): void;
}

/** Whoever reads our output has gone: the work is over, and that is no error. */
export class ReaderGone extends Error {}

export interface OutputOptions {
  /** The recording, which must not be written over while it is read; `-` for standard input. */
  readonly input: string;
  /** Bytes that would spoil a terminal. */
  readonly binary: boolean;
}

/** @throws UsageError `output-terminal`, `output-is-input`, `output-unwritable` */
export function openOutput(path: string | undefined, { input, binary }: OutputOptions): Output {
  if (path !== undefined && path !== "-") return new FileOutput(path, input);
  if (binary && process.stdout.isTTY) {
    throw new UsageError("output-terminal", "the output is binary: name a file with -o, or send it into a pipe");
  }
  return new StandardOutput();
}

class StandardOutput implements Output {
  constructor() {
    // The write's own callback tells the error; without a listener the stream would end the process with a stack trace.
    process.stdout.on("error", () => undefined);
  }

  write(chunk: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(chunk, (error) => {
        if (!error) resolve();
        else if ((error as NodeJS.ErrnoException).code === "EPIPE") reject(new ReaderGone());
        else reject(unwritable("standard output", error));
      });
    });
  }

  done(): void {}
  drop(): void {}
}

class FileOutput implements Output {
  readonly #path: string;
  readonly #part: string;
  #descriptor: number | undefined;

  constructor(path: string, input: string) {
    if (sameFile(path, input)) {
      throw new UsageError("output-is-input", `${path} is the recording that is read; name another file with -o`);
    }
    this.#path = path;
    this.#part = `${path}.part-${process.pid}`;
    try {
      this.#descriptor = openSync(this.#part, "wx");
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#descriptor === undefined) return;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  done(): void {
    this.#close();
    try {
      renameSync(this.#part, this.#path);
    } catch (cause) {
      rmSync(this.#part, { force: true });
      throw unwritable(this.#path, cause);
    }
  }

  drop(): void {
    this.#close();
    rmSync(this.#part, { force: true });
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function sameFile(path: string, input: string): boolean {
  try {
    const output = statSync(path);
    const read = input === "-" ? fstatSync(0) : statSync(input);
    return output.dev === read.dev && output.ino === read.ino;
  } catch {
    return false;
  }
}

const unwritable = (where: string, cause: unknown): RigFault =>
  new RigFault("output-unwritable", `${where} cannot be written: ${describeError(cause)}; give another place with -o`, {
    cause,
  });
