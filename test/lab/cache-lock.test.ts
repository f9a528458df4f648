import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { lockCache } from "../../harness/lab/cache-lock.ts";

describe("the cache's lock", () => {
  it("lets one in at a time and tells who is in", async () => {
    const dir = `/nowhere/${process.pid}-a`;
    const first = await lockCache(dir);
    const said: string[] = [];
    let second: Awaited<ReturnType<typeof lockCache>> | undefined;
    const waiting = lockCache(dir, { onWait: (holder) => said.push(holder) }).then((lock) => {
      second = lock;
    });
    await delay(300);
    expect(second).toBeUndefined();
    expect(said).toEqual([`pid ${process.pid}`]);
    await first.release();
    await waiting;
    await second?.release();
  });

  it("is one for each folder", async () => {
    const locks = await Promise.all([lockCache(`/nowhere/${process.pid}-b`), lockCache(`/nowhere/${process.pid}-c`)]);
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it("stops waiting when the caller gives up", async () => {
    const dir = `/nowhere/${process.pid}-d`;
    const held = await lockCache(dir);
    const abort = new AbortController();
    const waiting = lockCache(dir, { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(waiting).rejects.toMatchObject({ code: "lab-cancelled" });
    await held.release();
  });
});
