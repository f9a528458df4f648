import { describe, expect, test } from "vitest";
import { RigFault } from "../../harness/base/errors.ts";
import { waitFor } from "../../harness/base/wait.ts";

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "no failure",
    (error: unknown) => error,
  );

describe("waiting for a named condition", () => {
  test("its value comes back as soon as there is one; 0, null and the empty word are values", async () => {
    let asked = 0;
    expect(
      await waitFor(() => (++asked === 3 ? "here" : undefined), { what: "it", timeoutMs: 2000, intervalMs: 1 }),
    ).toBe("here");
    expect(asked).toBe(3);
    for (const value of [0, null, ""]) {
      expect(await waitFor(async () => value, { what: "it", timeoutMs: 0 })).toBe(value);
    }
  });

  test("time is up: what was waited for, how long, and what was found", async () => {
    let found = 0;
    const error = await failure(
      waitFor(() => false, {
        what: "the port to answer",
        timeoutMs: 30,
        intervalMs: 5,
        found: () => {
          found++;
          return "nothing listening";
        },
      }),
    );
    expect(error).toBeInstanceOf(RigFault);
    expect(error).toMatchObject({
      code: "wait-timeout",
      message: "waited 30 ms for the port to answer; found nothing listening",
      values: { timeoutMs: 30 },
    });
    expect(found).toBe(1);
  });

  test("without time the condition is still asked once", async () => {
    let asked = 0;
    const error = await failure(waitFor(() => void asked++, { what: "it", timeoutMs: 0 }));
    expect(error).toMatchObject({ message: "waited 0 ms for it" });
    expect(asked).toBe(1);
  });

  test("a long interval does not stretch the deadline, and the condition is asked at its very end", async () => {
    const started = performance.now();
    let asked = 0;
    await failure(waitFor(() => void asked++, { what: "it", timeoutMs: 40, intervalMs: 5000 }));
    expect(performance.now() - started).toBeLessThan(2000);
    expect(asked).toBe(2);
  });

  test("what the probe throws is passed on as it is", async () => {
    const thrown = new TypeError("broken probe");
    expect(await failure(waitFor(() => Promise.reject(thrown), { what: "it", timeoutMs: 2000 }))).toBe(thrown);
  });

  test("it can be called off", async () => {
    const abort = new AbortController();
    const waiting = failure(
      waitFor(() => undefined, { what: "it", timeoutMs: 10_000, intervalMs: 5000, signal: abort.signal }),
    );
    abort.abort();
    expect(await waiting).toMatchObject({ name: "AbortError" });
  });
});
