import { setTimeout as delay } from "node:timers/promises";
import { RigFault } from "./errors.ts";

export interface WaitOptions {
  /** Named condition, as it will stand in the error: "the guest's SSH port answers". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
  /** Called once when time is up: what was found instead, for the message. */
  readonly found?: () => string;
}

/**
 * Polls `probe` until it returns something other than `undefined` or `false`, and returns that.
 *
 * @throws RigFault `wait-timeout` when the deadline passes; whatever `probe` throws is passed on.
 */
export async function waitFor<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      const found = options.found?.();
      throw new RigFault(
        "wait-timeout",
        `waited ${options.timeoutMs} ms for ${options.what}${found ? `; found ${found}` : ""}`,
        { values: { timeoutMs: options.timeoutMs } },
      );
    }
    await delay(
      Math.min(options.intervalMs ?? 20, Math.ceil(leftMs)),
      undefined,
      options.signal ? { signal: options.signal } : {},
    );
  }
}
