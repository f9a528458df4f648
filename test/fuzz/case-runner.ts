/** One damaged recording: written to a folder of its own, read, judged. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FuzzInput } from "./inputs.ts";
import { type Damage, damaged } from "./mutations.ts";
import { type Reading, readAll } from "./reading.ts";

export class CaseRunner {
  readonly #folder: string;
  #written = new Set<string>();

  /** @param folder - is emptied. */
  constructor(folder: string) {
    this.#folder = join(folder, "case");
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  read(input: FuzzInput, damage: Damage): Promise<Reading> {
    return this.readFiles(damaged(input, damage), input.folder);
  }

  readFiles(files: ReadonlyMap<string, Uint8Array>, folder: boolean): Promise<Reading> {
    for (const name of this.#written) if (!files.has(name)) rmSync(join(this.#folder, name), { force: true });
    for (const [name, bytes] of files) writeFileSync(join(this.#folder, name), bytes);
    this.#written = new Set(files.keys());
    return readAll(folder ? this.#folder : join(this.#folder, "recording"));
  }
}
