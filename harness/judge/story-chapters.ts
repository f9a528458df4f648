/** The chapters of a story, the first and the last as they were, those in between counted. */
import type { Nanoseconds } from "../base/clock.ts";
import { formatSpan } from "../base/clock.ts";

export interface ChapterFigures {
  /** How long it took: "boot ok in 12 ms". */
  readonly spanNs?: Nanoseconds;
  /** How often: "suspended 3 times". Chapters without either are told as they are. */
  readonly count?: number;
}

interface Chapter extends ChapterFigures {
  readonly what: string;
}

interface Counted {
  count: number;
  leastNs: Nanoseconds;
  mostNs: Nanoseconds;
}

const FIRST = 6;
const LAST = 6;

export class Chapters {
  readonly #first: Chapter[] = [];
  readonly #last: Chapter[] = [];
  readonly #between = new Map<string, Counted>();

  add(what: string, figures: ChapterFigures = {}): void {
    const chapter = { what, ...figures };
    if (this.#first.length < FIRST) {
      this.#first.push(chapter);
      return;
    }
    const oldest = this.#last.push(chapter) > LAST ? this.#last.shift() : undefined;
    if (oldest) this.#count(oldest);
  }

  lines(): string[] {
    const between = [...this.#between].map(([what, counted]) => `${what} ${countedWords(counted)}`);
    return [
      ...this.#first.map(words),
      ...(between.length > 0 ? [`then ${between.join(", ")}`] : []),
      ...this.#last.map(words),
    ];
  }

  #count({ what, spanNs, count = 1 }: Chapter): void {
    const counted = this.#between.get(what) ?? { count: 0, leastNs: Number.POSITIVE_INFINITY, mostNs: 0 };
    counted.count += count;
    if (spanNs !== undefined) {
      counted.leastNs = Math.min(counted.leastNs, spanNs);
      counted.mostNs = Math.max(counted.mostNs, spanNs);
    }
    this.#between.set(what, counted);
  }
}

const words = ({ what, spanNs, count }: Chapter): string => {
  if (spanNs !== undefined) return `${what} in ${formatSpan(spanNs)}`;
  return count === undefined ? what : `${what} ${times(count)}`;
};

function countedWords({ count, leastNs, mostNs }: Counted): string {
  if (!Number.isFinite(leastNs)) return times(count);
  const [least, most] = [formatSpan(leastNs), formatSpan(mostNs)];
  return `${times(count)} in ${least === most ? least : `${least} to ${most}`}`;
}

/** `once`, `twice`, `3 times`. */
export const times = (count: number): string => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);
