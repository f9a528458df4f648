import { HilError } from "../../base/errors.ts";

/**
 * Everything that needs DMA, one action after another. Register accesses never wait for it: the client's main loop
 * serves DMA, and may itself be waiting for a register's answer.
 */
export class ActionQueue {
  readonly #failed: (what: string, error: unknown) => void;
  #waiting: { what: string; run: () => Promise<void> }[] = [];
  #running = false;

  /** `failed` hears of actions that threw; cancelled ones are not failures. */
  constructor(failed: (what: string, error: unknown) => void) {
    this.#failed = failed;
  }

  /** An action is under way or waits. */
  get busy(): boolean {
    return this.#running || this.#waiting.length > 0;
  }

  push(what: string, run: () => Promise<void>): void {
    this.#waiting.push({ what, run });
    if (!this.#running) void this.#work();
  }

  /** Drops what waits. What runs goes on; it ends by itself or by a cancelled access. */
  clear(): void {
    this.#waiting = [];
  }

  async #work(): Promise<void> {
    this.#running = true;
    for (let action = this.#waiting.shift(); action; action = this.#waiting.shift()) {
      try {
        await action.run();
      } catch (error) {
        if (!isCancelled(error)) this.#failed(action.what, error);
      }
    }
    this.#running = false;
  }
}

export const isCancelled = (error: unknown): boolean => error instanceof HilError && error.code === "dma-cancelled";
