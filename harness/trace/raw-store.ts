/** Pages and formats as they came, kept as evidence: `part-N/cpuM.bin` beside the format files that they are read by. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ArmedTrace } from "./tracefs.ts";

export class RawStore {
  readonly #folder: string | undefined;
  #part = -1;
  /** First failure to write; after it nothing more is saved, the capture itself goes on. */
  error: Error | undefined = undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** A new part begins with every set of formats: ids may mean something else in it. */
  begin(armed: ArmedTrace): void {
    this.#part++;
    this.#write((folder) => {
      mkdirSync(folder, { recursive: true });
      for (const [path, text] of armed.files) writeFileSync(join(folder, fileName(path)), text);
    });
  }

  append(cpu: number, chunk: Uint8Array): void {
    this.#write((folder) => appendFileSync(join(folder, `cpu${cpu}.bin`), chunk));
  }

  #write(action: (folder: string) => void): void {
    if (!this.#folder || this.error) return;
    try {
      action(join(this.#folder, `part-${this.#part}`));
    } catch (error) {
      this.error = error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** `mhi_gen_tre.format`; events of other systems carry their system: `power.suspend_resume.format`. */
function fileName(path: string): string {
  const event = /\/events\/(\w+)\/(\w+)\/format$/.exec(path);
  if (!event) return path.split("/").at(-1) ?? path;
  return event[1] === "mhi_host" ? `${event[2]}.format` : `${event[1]}.${event[2]}.format`;
}
