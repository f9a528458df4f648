/** Pages of one CPU out of a trace.dat: as they stand in the file, or in compressed chunks. */
import { describeError } from "../../base/errors.ts";
import type { Expander } from "../open/expander.ts";
import type { FeedProblem, PageFeed } from "../ring/page-feed.ts";
import type { CpuRegion } from "./dat-file.ts";
import type { FileView } from "./file-view.ts";

export class PlainFeed implements PageFeed {
  position = 0;
  problem: FeedProblem | undefined = undefined;
  readonly #file: FileView;
  readonly #region: CpuRegion;
  #done = 0;

  constructor(file: FileView, region: CpuRegion) {
    this.#file = file;
    this.#region = region;
  }

  fill(into: Uint8Array): number {
    this.position = this.#done;
    this.problem = undefined;
    const wanted = Math.min(into.length, this.#region.bytes - this.#done);
    if (wanted <= 0) return 0;
    const got = this.#file.readSome(into.subarray(0, wanted), this.#region.offset + this.#done);
    if (got < wanted) {
      this.problem = cutFile(this.#file, this.#region.bytes - this.#done - got);
      this.#done = this.#region.bytes; // nothing comes after the file's end
      return got;
    }
    this.#done += got;
    return got;
  }
}

const cutFile = (file: FileView, missing: number): FeedProblem => ({
  reason: "cut",
  detail: `${file.name} ends at byte ${file.size}, ${missing} bytes of this CPU are missing`,
});

const CHUNK_HEAD_BYTES = 8;
/** trace-cmd makes chunks of ten pages. */
const MAX_CHUNK_BYTES = 64 << 20;

/** u32 number of chunks | chunks: u32 compressed bytes, u32 expanded bytes, data. */
export class ChunkFeed implements PageFeed {
  position = 0;
  problem: FeedProblem | undefined = undefined;
  readonly #file: FileView;
  readonly #expander: Expander;
  #at: number;
  /** Chunks left; undefined: their number has not been read yet. */
  #left: number | undefined = undefined;
  #done = 0;
  /** Of the chunk under way, what did not fit yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(file: FileView, region: CpuRegion, expander: Expander) {
    this.#file = file;
    this.#expander = expander;
    this.#at = region.offset;
    if (region.bytes === 0) this.#left = 0;
  }

  fill(into: Uint8Array): number {
    this.position = this.#done;
    this.problem = undefined;
    while (this.#rest.length === 0) {
      this.#left ??= this.#number(this.#at);
      if (this.#left === 0) return 0;
      this.#chunk();
    }
    const got = Math.min(into.length, this.#rest.length);
    into.set(this.#rest.subarray(0, got));
    this.#rest = this.#rest.subarray(got);
    this.#done += got;
    return got;
  }

  #number(at: number): number {
    const head = Buffer.alloc(4);
    this.#at += 4;
    return this.#file.readSome(head, at) === 4 ? head.readUInt32LE(0) : this.#end(cutFile(this.#file, 4));
  }

  #chunk(): void {
    const at = this.#at;
    const head = Buffer.alloc(CHUNK_HEAD_BYTES);
    if (this.#file.readSome(head, at) < CHUNK_HEAD_BYTES) {
      this.#end({
        reason: "cut",
        detail: `${this.#file.name} ends at byte ${this.#file.size}, ${this.#left} chunks of this CPU are missing`,
      });
      return;
    }
    const packedBytes = head.readUInt32LE(0);
    const expandedBytes = head.readUInt32LE(4);
    if (expandedBytes > MAX_CHUNK_BYTES || packedBytes > MAX_CHUNK_BYTES) {
      this.#end({
        reason: "damaged",
        detail: `byte ${at}: a chunk of ${packedBytes} bytes that expands to ${expandedBytes} cannot be; the ${this.#left} chunks from here on are given up`,
      });
      return;
    }
    const packed = Buffer.allocUnsafe(packedBytes);
    if (this.#file.readSome(packed, at + CHUNK_HEAD_BYTES) < packedBytes) {
      this.#end({
        reason: "cut",
        detail: `${this.#file.name} ends at byte ${this.#file.size} inside a chunk, ${this.#left} chunks of this CPU are missing`,
      });
      return;
    }
    this.#at = at + CHUNK_HEAD_BYTES + packedBytes;
    this.#left = (this.#left ?? 1) - 1;
    try {
      this.#rest = this.#expander.expand(packed, expandedBytes, `${this.#file.name}, byte ${at}: chunk of pages`);
    } catch (error) {
      this.problem = { reason: "damaged", detail: describeError(error) };
      this.#done += expandedBytes;
      this.position = this.#done;
    }
  }

  /** Nothing of this CPU comes after. */
  #end(problem: FeedProblem): 0 {
    this.problem = problem;
    this.#left = 0;
    return 0;
  }
}
