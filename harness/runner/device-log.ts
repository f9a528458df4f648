/** The endpoint's own log (JSON lines, growing): what the device says of the same test, from here on. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { z } from "zod";

const lineSchema = z.object({ controllerNs: z.number(), kind: z.string(), text: z.string() });
export type DeviceLogLine = z.infer<typeof lineSchema>;

const CHUNK_BYTES = 256 * 1024;

export class DeviceLog {
  readonly #path: string | undefined;
  readonly #lines: DeviceLogLine[] = [];
  #offset: number;
  #partial = "";
  /** A read may end within a character; its first bytes wait here for the rest. */
  readonly #decoder = new StringDecoder("utf8");

  /** Begins at the log's end as it is now. Without a path (a real device) it stays empty. */
  constructor(path: string | undefined) {
    this.#path = path;
    this.#offset = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }

  /** All lines since the begin. */
  read(): readonly DeviceLogLine[] {
    if (this.#path !== undefined && statSync(this.#path, { throwIfNoEntry: false })) this.#readOn(this.#path);
    return this.#lines;
  }

  #readOn(path: string): void {
    const file = openSync(path, "r");
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const length = readSync(file, chunk, 0, chunk.length, this.#offset);
        if (length === 0) return;
        this.#offset += length;
        this.#take(this.#decoder.write(chunk.subarray(0, length)));
      }
    } finally {
      closeSync(file);
    }
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      const parsed = lineSchema.safeParse(tryParse(line));
      if (parsed.success) this.#lines.push(parsed.data);
    }
  }
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
