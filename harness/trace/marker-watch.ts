/** Markers that were written and are awaited in the trace. They are written one after the other, so the first that reads like one is it. */
import type { Nanoseconds } from "../base/clock.ts";

interface Waiter {
  readonly text: string;
  readonly found: (times: readonly [hostNs: Nanoseconds, arrivedNs: Nanoseconds]) => void;
}

export class MarkerWatch {
  readonly #waiters: Waiter[] = [];

  /** `back` resolves with the record's own time and the controller's when it arrived. */
  expect(text: string): { readonly back: Promise<readonly [Nanoseconds, Nanoseconds]>; forget(): void } {
    let forget = (): void => undefined;
    const back = new Promise<readonly [Nanoseconds, Nanoseconds]>((found) => {
      const waiter: Waiter = { text, found };
      this.#waiters.push(waiter);
      forget = () => this.#remove(this.#waiters.indexOf(waiter));
    });
    return { back, forget: () => forget() };
  }

  seen(text: string, hostNs: Nanoseconds, arrivedNs: Nanoseconds): void {
    this.#remove(this.#waiters.findIndex((waiter) => waiter.text === text))?.found([hostNs, arrivedNs]);
  }

  #remove(at: number): Waiter | undefined {
    return at < 0 ? undefined : this.#waiters.splice(at, 1)[0];
  }
}
