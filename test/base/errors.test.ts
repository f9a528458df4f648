import { describe, expect, test } from "vitest";
import { assert, DutFault, describeError, HilError, RigFault, UsageError } from "../../harness/base/errors.ts";

describe("the errors of the house", () => {
  test.each([
    [RigFault, "rig"],
    [DutFault, "dut"],
    [UsageError, "usage"],
  ])("%o is of kind %s", (Kind, kind) => {
    const cause = new Error("inner");
    const error = new Kind("some-code", "what is wrong", { cause, values: { port: 22 } });
    expect(error).toBeInstanceOf(HilError);
    expect(error).toMatchObject({ kind, code: "some-code", message: "what is wrong", values: { port: 22 }, cause });
    expect(error.name).toBe(Kind.name);
    expect(`${error}`).toBe(`${Kind.name}: what is wrong`);
  });

  test("without a cause there is none to look at, and no values are an empty set", () => {
    const error = new RigFault("c", "m");
    expect("cause" in error).toBe(false);
    expect(error.values).toEqual({});
  });
});

describe("one line for a person", () => {
  const chain = (...messages: string[]): Error | undefined =>
    messages.reduceRight<Error | undefined>((cause, message) => new Error(message, { cause }), undefined);

  test.each([
    ["a message alone", chain("cannot read it"), "cannot read it"],
    ["with its cause", chain("cannot read it", "EACCES"), "cannot read it (EACCES)"],
    ["the innermost of three", chain("no rig", "no shell", "ECONNREFUSED"), "no rig (ECONNREFUSED)"],
    ["a cause that it tells already", chain("cannot read it: EACCES", "EACCES"), "cannot read it: EACCES"],
    ["a cause without words", chain("cannot read it", ""), "cannot read it"],
    ["a cause that is no error", new Error("cannot", { cause: "because" }), "cannot"],
    ["what is no error at all", "just text", "just text"],
    ["nothing", undefined, "undefined"],
  ])("%s", (_name, error, line) => {
    expect(describeError(error)).toBe(line);
  });
});

test("an invariant that does not hold is a bug of ours, of no outcome", () => {
  expect(() => assert(1, "one")).not.toThrow();
  const broken = (): void => assert(0, "the ring has no element");
  expect(broken).toThrow("internal error: the ring has no element");
  expect(broken).not.toThrow(HilError);
});
