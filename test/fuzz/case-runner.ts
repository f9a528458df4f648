/** One damaged recording: written to a folder of its own, read, judged. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { afterCut, afterPage, movesAxis, onlyCut, spoiltPage } from "./compare.ts";
import type { FuzzInput, PlaceOfPage } from "./inputs.ts";
import { type Damage, damaged } from "./mutations.ts";
import { type Open, type Reading, readAll } from "./reading.ts";

export class CaseRunner {
  readonly #folder: string;
  readonly #open: Open;
  readonly #good = new Map<string, Reading>();
  #written = new Set<string>();

  /**
   * @param folder - is emptied.
   * @param open - reads what is spoilt; the checker's own tests give one that does wrong.
   */
  constructor(folder: string, open: Open = openTrace) {
    this.#folder = join(folder, "case");
    this.#open = open;
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Reads, and holds the reading against that of the good recording as far as the damage lets it. */
  async read(input: FuzzInput, damage: Damage): Promise<Reading> {
    const reading = await this.readFiles(damaged(input, damage), input.folder);
    const bytes = onlyCut(input, damage);
    const page = spoiltPage(input, damage);
    const more = [
      ...(bytes === undefined ? [] : afterCut(input, bytes, await this.#goodReading(input, []), reading)),
      ...(page ? await this.#besidePage(input, damage, page, reading) : []),
    ];
    return { ...reading, violations: [...reading.violations, ...more] };
  }

  async #besidePage(input: FuzzInput, damage: Damage, page: PlaceOfPage, reading: Reading): Promise<string[]> {
    const without = await this.#goodReading(input, [["zeros", page.at + 8, 8]], page.file);
    return afterPage(without, reading, movesAxis(input, damage, page));
  }

  readFiles(files: ReadonlyMap<string, Uint8Array>, folder: boolean): Promise<Reading> {
    return this.#read(files, folder, this.#open);
  }

  /** Of the recording as it was, or with one page empty: its commit word tells of no byte. */
  async #goodReading(input: FuzzInput, steps: Damage["steps"], file = "recording"): Promise<Reading> {
    const key = JSON.stringify([input.name, file, steps]);
    const known = this.#good.get(key);
    if (known) return known;
    const reading = await this.#read(damaged(input, { input: input.name, file, steps }), input.folder, openTrace);
    this.#good.set(key, reading);
    return reading;
  }

  #read(files: ReadonlyMap<string, Uint8Array>, folder: boolean, open: Open): Promise<Reading> {
    for (const name of this.#written) if (!files.has(name)) rmSync(join(this.#folder, name), { force: true });
    for (const [name, bytes] of files) writeFileSync(join(this.#folder, name), bytes);
    this.#written = new Set(files.keys());
    return readAll(folder ? this.#folder : join(this.#folder, "recording"), open);
  }
}
