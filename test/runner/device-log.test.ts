import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeviceLog } from "../../harness/runner/device-log.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-device-"));
  path = join(folder, "device.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (n: number, text = `step ${n}`): string => `${JSON.stringify({ controllerNs: n, kind: "state", text })}\n`;
const texts = (log: DeviceLog): string[] => log.read().map((entry) => entry.text);

describe("the device's own log", () => {
  test("begins where it is opened, and grows", () => {
    writeFileSync(path, line(1));
    const log = new DeviceLog(path);
    expect(log.read()).toEqual([]);
    appendFileSync(path, line(2) + line(3));
    expect(log.read()).toEqual([
      { controllerNs: 2, kind: "state", text: "step 2" },
      { controllerNs: 3, kind: "state", text: "step 3" },
    ]);
    appendFileSync(path, line(4));
    expect(texts(log)).toEqual(["step 2", "step 3", "step 4"]);
    expect(texts(log)).toHaveLength(3);
  });

  test("a line that is being written waits for its end, wherever it is cut", () => {
    const bytes = Buffer.from(line(1, "caf\u00e9 \u{1f4e1}"));
    for (let cut = 1; cut < bytes.length; cut++) {
      writeFileSync(path, "");
      const log = new DeviceLog(path);
      appendFileSync(path, bytes.subarray(0, cut));
      expect(texts(log)).toEqual([]);
      appendFileSync(path, bytes.subarray(cut));
      expect(texts(log), `cut at byte ${cut}`).toEqual(["caf\u00e9 \u{1f4e1}"]);
    }
  });

  test("damaged lines are left out, those around them are kept", () => {
    writeFileSync(path, "");
    const log = new DeviceLog(path);
    const damaged = ["{", "", "null", "17", '{"controllerNs":"soon","kind":"a","text":"b"}', '{"kind":"a","text":"b"}'];
    appendFileSync(path, `${line(1)}${damaged.join("\n")}\n${line(2)}`);
    expect(texts(log)).toEqual(["step 1", "step 2"]);
  });

  test("more than one read takes: a megabyte, every line once", () => {
    writeFileSync(path, "");
    const log = new DeviceLog(path);
    const count = 4000;
    appendFileSync(path, Array.from({ length: count }, (_, n) => line(n, `\u00e4${"x".repeat(250)}${n}`)).join(""));
    expect(log.read().map((entry) => entry.controllerNs)).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(texts(log).every((text) => text.startsWith("\u00e4x"))).toBe(true);
  });

  test("a file that is not there yet is read from its begin; a real device has none", () => {
    const log = new DeviceLog(path);
    expect(log.read()).toEqual([]);
    writeFileSync(path, line(1));
    expect(texts(log)).toEqual(["step 1"]);
    expect(new DeviceLog(undefined).read()).toEqual([]);
  });
});
