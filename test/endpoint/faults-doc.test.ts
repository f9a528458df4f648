import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FAULTS } from "../../harness/endpoint/faults/index.ts";

test("docs/faults.md has every fault, with what it does and its options", () => {
  const text = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.map((row) => /`([^`]+)`/.exec(row)?.[1])).toEqual(FAULTS.map(({ name }) => name));
  for (const [index, { about, options }] of FAULTS.entries()) {
    expect(rows[index]).toContain(about);
    for (const name of Object.keys(options)) expect(rows[index], name).toContain(name);
  }
});
