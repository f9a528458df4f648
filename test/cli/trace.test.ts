/** decode, export and cut as users have them, each in a process of its own; needs `npm run build`. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../support/cli.ts";

const data = (path: string): string => join(root, "test/data/trace", path);
const TEXT = data("linux-6.12-live/trace.txt");
const PAGES = data("linux-6.12-sdx55/raw");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-trace-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** @param input - for standard input; @param readBytes - the reader of the output goes away after so many. */
function run(args: readonly string[], input?: Uint8Array, readBytes = Number.POSITIVE_INFINITY): Promise<Result> {
  const child = spawn(process.execPath, [join(root, "bin/mhi-hil.js"), ...args], { cwd: folder });
  const chunks: Buffer[] = [];
  let stderr = "";
  let got = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    got += chunk.length;
    if (got >= readBytes) child.stdout.destroy();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  return new Promise((resolve) =>
    child.once("close", (code) => resolve({ code, stdout: Buffer.concat(chunks), stderr })),
  );
}

const lines = (result: Result): string[] => result.stdout.toString("utf8").trimEnd().split("\n");

async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout.length]).toEqual([2, 0]);
  expect(stderr).not.toMatch(/internal error|^ {4}at /m);
  return stderr;
}

describe("decode", () => {
  test("lines, and what was read in one line on stderr", async () => {
    const result = await run(["decode", TEXT]);
    expect(result.code).toBe(0);
    expect(lines(result)[1]).toBe("9.296503 [001]                 sh-202 mhi0  PM M3_EXIT");
    expect(lines(result)).toHaveLength(91);
    expect(result.stderr).toMatch(
      /^90 events of mhi0 in 2\.61 s \(9\.296503\.\.11\.907058\), no gaps; text of trace\n$/,
    );
  });

  test("the same from a pipe", async () => {
    const [file, pipe] = [await run(["decode", TEXT]), await run(["decode", "-"], readFileSync(TEXT))];
    expect(pipe.stdout.equals(file.stdout)).toBe(true);
  });

  test("gaps are told in place and on stderr, and the exit code stays 0", async () => {
    const text = readFileSync(TEXT, "utf8").replace(/^.*irq\/28-bhi-190/m, "CPU:0 [LOST 1424 EVENTS]\n$&");
    const result = await run(["decode", "-"], Buffer.from(text));
    expect(result.code).toBe(0);
    expect(lines(result)).toContainEqual(
      expect.stringMatching(/^---- 9\.300386\.\.9\.302291 cpu0: 1424 events lost: /),
    );
    expect(result.stderr).toContain("1 gap with 1424 events lost: evidence is missing");
  });

  test("--json, --stats and both", async () => {
    const [head, first] = lines(await run(["decode", PAGES, "--json"])).map((line) => JSON.parse(line));
    expect(head).toMatchObject({ kind: "recording", form: "raw pages", generation: "merged" });
    expect(first).toMatchObject({ controller: "mhi0", clockNs: String(first.tNs) });
    expect((await run(["decode", PAGES, "--stats"])).stdout.toString()).toMatch(/^ {2}PM state +entered +time$/m);
    expect(JSON.parse((await run(["decode", PAGES, "--stats", "--json"])).stdout.toString())).toMatchObject({
      gapCount: 0,
    });
  });

  test("only a channel, only an interval", async () => {
    const channel = lines(await run(["decode", PAGES, "--channel", "21"])).slice(1);
    expect(channel.length).toBeGreaterThan(5);
    for (const line of channel) expect(line).toMatch(/ (?:ch|chan) 21 | marker /);
    const some = await run(["decode", TEXT, "--from", "11.7", "--to", "11.78"]);
    expect(
      lines(some)
        .slice(1)
        .map((line) => Number(line.split(" ")[0])),
    ).toSatisfy((times: number[]) => times.every((time) => time >= 11.7 && time <= 11.78));
    expect(lines(some).length).toBeGreaterThan(3);
  });

  test("nothing of what was asked for is said, not hidden", async () => {
    expect((await run(["decode", TEXT, "--controller", "mhi7"])).stderr).toContain(
      "no events of mhi7: the recording has mhi0",
    );
    expect((await run(["decode", TEXT, "--from", "marker:reboot"])).stderr).toContain('no marker holds "reboot"');
  });

  test("a reader that goes away ends it in silence", async () => {
    const big = join(folder, "big.txt");
    const body = readFileSync(TEXT, "utf8");
    writeFileSync(big, body.repeat(400));
    const { code, stderr } = await run(["decode", big], undefined, 1000);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test.each<[string, string[], RegExp]>([
    ["a file that is not there", ["decode", "none.dat"], /none\.dat cannot be opened/],
    ["a time that is none", ["decode", TEXT, "--from", "soon"], /--from "soon" is no time: give seconds/],
    ["an interval the wrong way round", ["decode", TEXT, "--from", "9", "--to", "3"], /--from 9 lies after --to 3/],
    ["a channel that is none", ["decode", TEXT, "--channel", "IPCR"], /--channel "IPCR" is no channel.*0 to 255/],
    ["samples without a log", ["decode", TEXT, "--clock-samples", "x"], /name it with --device-log/],
    ["counts of a device's log", ["decode", TEXT, "--stats", "--device-log", "x"], /--stats counts the recording/],
    ["a form that is none", ["export", TEXT, "--to", "pdf"], /'pdf' is invalid.*perfetto, trace-dat, csv, chrome-json/],
    ["an export to nothing", ["export", TEXT], /required option '--to <format>'/],
    ["a cut of everything", ["cut", TEXT], /needs to know what to keep: --from/],
    ["a cut of nothing", ["cut", TEXT, "--from", "500"], /none of the events read \(9\.296503\.\.11\.907058\)/],
    ["a device's log in a trace.dat", ["export", TEXT, "--to", "trace-dat", "--device-log", "x"], /has no place in it/],
    [
      "a place that cannot be written",
      ["export", TEXT, "--to", "csv", "-o", "no/where"],
      /no\/where cannot be written/,
    ],
  ])("%s is refused in one sentence", async (_name, args, words) => expect(await refusal(...args)).toMatch(words));
});

describe("export and cut", () => {
  test("each form, to a file and to a pipe", async () => {
    for (const form of ["perfetto", "trace-dat", "csv", "chrome-json"]) {
      const out = join(folder, form);
      const file = await run(["export", PAGES, "--to", form, "-o", out]);
      expect([file.code, file.stdout.length]).toEqual([0, 0]);
      const piped = await run(["export", PAGES, "--to", form]);
      expect(piped.stdout.equals(readFileSync(out)), form).toBe(true);
      expect(piped.stdout.length).toBeGreaterThan(5000);
    }
    expect(readdirSync(folder).sort()).toEqual(["chrome-json", "csv", "perfetto", "trace-dat"]);
  });

  test("text made a trace.dat decodes to the same words", async () => {
    const made = await run(["export", TEXT, "--to", "trace-dat"]);
    const words = (result: Result): string[] =>
      lines(result)
        .slice(1)
        .map((line) => line.replace(/^(\d+\.\d{6})\d*/, "$1"));
    expect(words(await run(["decode", "-"], made.stdout))).toEqual(words(await run(["decode", TEXT])));
  });

  test("a cut holds the interval and says the same of it", async () => {
    const part = await run(["cut", PAGES, "--from", "+0.09", "--to", "+0.2", "-o", "part.dat"]);
    expect(part.code, part.stderr).toBe(0);
    const direct = lines(await run(["decode", PAGES, "--from", "+0.09", "--to", "+0.2"])).slice(1);
    expect(direct.length).toBeGreaterThan(3);
    expect(lines(await run(["decode", "part.dat"])).slice(1)).toEqual(direct);
  });

  test("a recording is not written over, and a failure leaves what was there", async () => {
    writeFileSync(join(folder, "mine.txt"), readFileSync(TEXT));
    expect(await refusal("cut", "mine.txt", "--from", "+1", "-o", "mine.txt")).toContain(
      "is the recording that is read",
    );
    writeFileSync(join(folder, "kept"), "old");
    expect(await refusal("cut", TEXT, "--from", "500", "-o", "kept")).toContain("no file is written");
    expect(readFileSync(join(folder, "kept"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["kept", "mine.txt"]);
    expect(existsSync(join(folder, "mine.txt"))).toBe(true);
  });
});
