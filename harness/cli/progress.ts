import type { WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";

/**
 * Progress of long work on one line: redrawn on a terminal, a line a phase elsewhere. Bytes are shown as
 * `12.4 of 152.0 MB`.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #last = "";
  #drawn = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  update = (message: string, bytesDone?: number, bytesTotal?: number): void => {
    const line = stripVTControlCharacters(message).replace(/\s+/g, " ") + sizes(bytesDone, bytesTotal);
    if (this.#stream.isTTY) {
      const width = (this.#stream as WriteStream).columns || 80;
      this.#stream.write(`\r\u001b[K${line.slice(0, width - 1)}`);
      this.#drawn = true;
    } else if (message !== this.#last) {
      this.#stream.write(`${line}\n`);
    }
    this.#last = message;
  };

  done(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[K");
    this.#drawn = false;
  }
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);

function sizes(done?: number, total?: number): string {
  if (done !== undefined && total !== undefined) return `  ${mb(done)} of ${mb(total)} MB`;
  if (total !== undefined) return `  ${mb(total)} MB`;
  return done === undefined ? "" : `  ${mb(done)} MB`;
}
