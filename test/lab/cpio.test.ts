import { describe, expect, it } from "vitest";
import { type CpioEntry, parentDirs, writeCpio } from "../../harness/lab/cpio.ts";

interface Parsed {
  readonly path: string;
  readonly mode: number;
  readonly data: string;
  readonly device: readonly [number, number];
}

/** An independent reader of newc, by the kernel's description of the format. */
function readCpio(archive: Buffer): Parsed[] {
  const found: Parsed[] = [];
  let at = 0;
  for (;;) {
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number) =>
      Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameEnd = at + 110 + field(11);
    const path = archive.toString("utf8", at + 110, nameEnd - 1);
    const dataAt = Math.ceil(nameEnd / 4) * 4;
    const data = archive.toString("latin1", dataAt, dataAt + field(6));
    if (path === "TRAILER!!!") return found;
    found.push({ path, mode: field(1), data, device: [field(9), field(10)] });
    at = Math.ceil((dataAt + field(6)) / 4) * 4;
  }
}

const file = (path: string, text: string): CpioEntry => ({ path, type: "file", mode: 0o644, data: Buffer.from(text) });

describe("cpio archives", () => {
  it("hold files, folders, links and devices with their types and modes", () => {
    const archive = writeCpio([
      { path: "dev", type: "dir", mode: 0o755 },
      { path: "dev/console", type: "char", mode: 0o600, major: 5, minor: 1 },
      { path: "sh", type: "link", target: "busybox" },
      file("init", "#!/bin/sh\n"),
    ]);
    expect(readCpio(archive)).toEqual([
      { path: "dev", mode: 0o040755, data: "", device: [0, 0] },
      { path: "dev/console", mode: 0o020600, data: "", device: [5, 1] },
      { path: "sh", mode: 0o120777, data: "busybox", device: [0, 0] },
      { path: "init", mode: 0o100644, data: "#!/bin/sh\n", device: [0, 0] },
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5])("keep their alignment after %i bytes of data and any name", (length) => {
    const entries = ["a", "ab", "abc", "abcd"].map((name) => file(name, "x".repeat(length)));
    const archive = writeCpio([...entries, file("last", "end")]);
    expect(readCpio(archive).at(-1)).toMatchObject({ path: "last", data: "end" });
    expect(archive.length % 4).toBe(0);
  });

  it("are equal for equal input", () => {
    expect(writeCpio([file("a", "1")])).toEqual(writeCpio([file("a", "1")]));
  });

  it("need parents before children", () => {
    expect(parentDirs(["a/b/c", "a/d", "e"])).toEqual(["a", "a/b"]);
  });
});
