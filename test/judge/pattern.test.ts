import { describe, expect, it } from "vitest";
import { Matcher } from "../../harness/judge/matcher.ts";
import { anyOrder, either, optional, type Pattern, repeat, sequence, step } from "../../harness/judge/pattern.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";

/** One letter an event, 10 ms apart: "a" is a marker with that text; a dot is 10 ms of nothing. */
const letter = (text: string): Pattern => step(text, (event) => event.kind === "marker" && event.text === text);
const [a, b, c, d] = ["a", "b", "c", "d"].map(letter) as [Pattern, Pattern, Pattern, Pattern];

function run(pattern: Pattern, text: string, afterMs = 0): Matcher {
  const matcher = new Matcher(pattern, { fromNs: 0 });
  for (const [index, char] of [...text].entries()) {
    const event: TraceEvent = { kind: "marker", tNs: index * 10e6, cpu: 0, pid: 1, text: char };
    if (char !== ".") matcher.feed(event, index);
  }
  matcher.advance((text.length - 1) * 10e6 + afterMs * 1e6);
  return matcher;
}
const state = (pattern: Pattern, text: string, afterMs?: number): string => run(pattern, text, afterMs).state;

describe("sequence", () => {
  it("wants its steps in order and lets others in between", () => {
    expect(state(sequence(a, b), "xaxbx")).toBe("passed");
    expect(state(sequence(a, b), "ba")).toBe("pending");
    expect(run(sequence(a, b), "a").waitingFor).toBe("b");
  });
});

describe("anyOrder and either", () => {
  it("anyOrder wants all", () => {
    expect(state(anyOrder(a, b, c), "cab")).toBe("passed");
    expect(state(anyOrder(a, b, c), "ca")).toBe("pending");
    expect(run(anyOrder(a, b, c), "b").waitingFor).toBe("a and c");
  });

  it("anyOrder gives an event to one part only", () => {
    expect(state(anyOrder(a, a), "a")).toBe("pending");
    expect(state(anyOrder(a, a), "aa")).toBe("passed");
  });

  it("either wants one, and fails when none can come any more", () => {
    const pattern = either(sequence(a, b), sequence(c, d));
    expect(state(pattern, "acd")).toBe("passed");
    expect(state(pattern, "ac")).toBe("pending");
    expect(state(either(a.within(20, "a"), b.within(50, "b")), "....", 0)).toBe("pending");
    expect(state(either(a.within(20, "a"), b.within(50, "b")), "......", 10)).toBe("failed");
  });
});

describe("optional and repeat", () => {
  it("optional may be left out, at the end too", () => {
    expect(state(sequence(a, optional(b), c), "ac")).toBe("passed");
    expect(state(sequence(a, optional(b), c), "abc")).toBe("passed");
    expect(state(sequence(a, optional(b)), "a")).toBe("passed");
  });

  it("what an optional has begun it must end", () => {
    expect(state(sequence(optional(sequence(a, b)), c), "ac")).toBe("pending");
    expect(state(sequence(optional(sequence(a, b)), c), "abc")).toBe("passed");
  });

  it("repeat counts", () => {
    expect(state(sequence(repeat(a, { min: 2 }), b), "ab")).toBe("pending");
    expect(state(sequence(repeat(a, { min: 2 }), b), "aaab")).toBe("passed");
    expect(state(sequence(repeat(sequence(a, b), { min: 1, max: 2 }), c), "ababc")).toBe("passed");
    expect(state(sequence(repeat(sequence(a, b), { min: 1, max: 2 }), c), "abac")).toBe("pending");
  });
});

describe("deadlines", () => {
  it("count from the step before and fire without an event", () => {
    const pattern = sequence(a, b.within(30, "b"));
    expect(state(pattern, "....a..b")).toBe("passed");
    expect(state(pattern, "....a..", 5)).toBe("pending");
    const late = run(pattern, "....a....b");
    expect(late.state).toBe("failed");
    expect(late.failure).toMatchObject({ words: "b", why: "deadline", fromNs: 40e6, atNs: 70e6 });
  });

  it("count from a named step", () => {
    const pattern = sequence(a.as("go"), b, c.within(30, "c", { from: "go" }));
    expect(state(pattern, "abc")).toBe("passed");
    expect(state(pattern, "ab..c")).toBe("failed");
  });

  it("are widened by the host's way of waiting", () => {
    expect(state(sequence(a, b.within(20, "b", { margin: 2 })), "a...b")).toBe("passed");
  });

  it("of a group hold for all of it", () => {
    expect(state(sequence(a, b).within(20, "both"), "a..b")).toBe("failed");
  });
});

describe("without, unless and the log", () => {
  it("forbids while it is under way, not after", () => {
    const pattern = sequence(a, sequence(b, c).without(d), a);
    expect(state(pattern, "dabca")).toBe("passed");
    expect(state(pattern, "abcda")).toBe("passed");
    const broken = run(pattern, "abdc");
    expect(broken.state).toBe("failed");
    expect(broken.failure).toMatchObject({ words: "d", why: "forbidden", index: 2 });
  });

  it("fails at once when something proves that it will not come", () => {
    expect(run(sequence(a, b.unless(d)), "ad").failure).toMatchObject({ words: "b", why: "overtaken" });
    const matcher = run(sequence(a, b.refutedBy(/gave up/)), "a");
    matcher.feedLog({ tNs: 5e9, level: 3, text: "host gave up" });
    expect(matcher.failure).toMatchObject({ why: "log" });
  });

  it("does not hold a log line against a step that is not waited for", () => {
    const matcher = run(sequence(a, b.refutedBy(/gave up/)), "ab");
    matcher.feedLog({ tNs: 5e9, level: 3, text: "host gave up" });
    expect(matcher.state).toBe("passed");
  });
});

describe("what a matcher remembers", () => {
  it("captures, steps and where it stopped", () => {
    const matcher = run(sequence(a.as("first"), b, c), ".a.b");
    expect(matcher.captures.get("first")).toEqual({ tNs: 10e6, index: 1 });
    expect(matcher.matched.map((entry) => entry.index)).toEqual([1, 3]);
    expect(matcher.story()).toContain("waiting for c");
  });

  it("can be used again: a pattern holds no state", () => {
    const pattern = sequence(a, repeat(b, { min: 1 }), c);
    expect(state(pattern, "abc")).toBe("passed");
    expect(state(pattern, "ac")).toBe("pending");
  });

  it("stays fast and small on a long stream", () => {
    const matcher = new Matcher(sequence(repeat(sequence(a, b)), c), { fromNs: 0 });
    const begin = performance.now();
    for (let index = 0; index < 200_000; index++) {
      const text = index % 2 === 0 ? "a" : "b";
      matcher.feed({ kind: "marker", tNs: index * 1000, cpu: 0, pid: 1, text }, index);
    }
    expect(matcher.state).toBe("pending");
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});
