/** `mhi-hil check` over recordings of real kernels: the healthy pass, failures are named, missing evidence is no pass. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { cli, root, startCli } from "../support/cli.ts";

const DATA = join(root, "test/data/trace");
const folder = mkdtempSync(join(tmpdir(), "mhi-hil-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documentSchema = z.object({
  schema: z.literal("mhi-hil/check/1"),
  report: z.string().optional(),
  files: z.array(
    z.object({
      file: z.string(),
      family: z.string(),
      kernel: z.string().nullable(),
      controllers: z.array(
        z.object({
          controller: z.string(),
          outcome: z.enum(["pass", "fail", "inconclusive"]),
          recovered: z.boolean(),
          story: z.string(),
          findings: z.array(
            z.looseObject({
              title: z.string(),
              outcome: z.string(),
              recovered: z.boolean().optional(),
              signature: z.string().optional(),
              known: z.looseObject({ id: z.string() }).optional(),
              because: z.array(z.looseObject({ kind: z.string() })),
            }),
          ),
        }),
      ),
    }),
  ),
});

async function checked(...args: string[]) {
  const { code, stdout, stderr } = await cli(["check", "--no-html", "--json", ...args]);
  return { code, stderr, document: documentSchema.parse(JSON.parse(stdout)) };
}

const CASES: readonly [path: string, code: number, known: string | undefined, story: RegExp][] = [
  ["linux-6.12-live", 0, undefined, /boot ok in/],
  ["linux-6.1-kprobe", 0, undefined, /boot ok in .*; suspended once; powered down; boot ok/],
  ["linux-6.1-dynamic-debug", 3, undefined, /boot ok in .*; suspended once/],
  ["linux-6.12-sdx55/trace.txt", 1, "F29", /device given up; recovered in/],
  ["linux-6.12-sdx55/raw", 1, "F29", /device given up; recovered in/],
  ["truth/linux-6.12/two-buffers.dat", 0, undefined, /boot ok in .*; powered down/],
  ["truth/linux-6.12/extract.dat", 0, undefined, /boot ok/],
  ["truth/linux-6.12/nominal.dat", 1, "F12", /SYS_ERR; recovered in/],
  ["truth/linux-6.12/nominal-to-v6.dat.gz", 1, "F12", /SYS_ERR; recovered in/],
  ["truth/linux-6.12/overrun.dat", 3, undefined, /boot ok/],
  ["truth/linux-7.2/nominal.dat", 1, "F12", /SYS_ERR; recovered in/],
  ["truth/linux-7.2/extract.dat", 0, undefined, /boot ok/],
  ["truth/linux-7.2/mixed.dat", 0, undefined, /boot ok/],
  ["truth/linux-6.12/text/trace-raw.txt.gz", 3, undefined, /nothing happened/],
  ["console/01-k6.12-sharedmsi-boot-dun-runtimepm-pmtest-unbind.guest.txt", 0, undefined, /suspended 3 times/],
  ["console/04-k6.12-S3-context-lost-recovery.guest.txt", 1, "F29", /recovered in/],
  ["console/12-k6.12-qaic-boot-to-online.guest.txt", 0, undefined, /powered down/],
];

test.each(CASES)("%s: exit %d, known as %s", async (path, code, known, story) => {
  const { document, ...seen } = await checked(join(DATA, path));
  const [file] = document.files;
  const [controller] = file?.controllers ?? [];
  expect({ ...seen, known: controller?.findings[0]?.known?.id }).toEqual({ code, stderr: "", known });
  expect(controller?.story).toMatch(story);
});

describe("a failure that was recovered from", () => {
  const path = join(DATA, "truth/linux-6.12/nominal.dat");

  test("fails and says so; --allow-recovered lets it pass, and still tells it", async () => {
    const strict = await checked(path);
    const lenient = await checked(path, "--allow-recovered");
    expect([strict.code, lenient.code]).toEqual([1, 0]);
    const [one] = lenient.document.files[0]?.controllers ?? [];
    expect(one).toMatchObject({ outcome: "pass", recovered: true });
    expect(one?.findings[0]).toMatchObject({ title: expect.stringContaining("SYS_ERR"), recovered: true });
  });

  test("is no excuse where the recording ends before the recovery", async () => {
    const lines = gunzipSync(readFileSync(join(DATA, "truth/linux-6.12/nominal.report.txt.gz")))
      .toString()
      .split("\n");
    const failed = lines.findIndex((line) => line.includes("SYS ERROR Process"));
    const cut = join(folder, "cut.txt");
    writeFileSync(cut, `${lines.slice(0, failed + 1).join("\n")}\n`);
    const { code, document } = await checked(cut, "--allow-recovered");
    expect(code).toBe(1);
    expect(document.files[0]?.controllers[0]).toMatchObject({ outcome: "fail", recovered: false });
  });
});

test("the same failure has one signature in pages, in text and packed", async () => {
  const paths = ["truth/linux-6.12/nominal.dat", "truth/linux-6.12/nominal-to-v6.dat.gz"].map((one) => join(DATA, one));
  const text = join(folder, "report.txt.gz");
  writeFileSync(text, readFileSync(join(DATA, "truth/linux-6.12/nominal.report.txt.gz")));
  const { document, code } = await checked(...paths);
  const ids = document.files.map(({ controllers }) => controllers[0]?.findings[0]?.signature);
  expect(code).toBe(1);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^S-[0-9a-f]{8}$/);
});

test.each([
  ["boot", 0],
  ["system-suspend", 0],
  ["context-lost", 1], // it resumed as if nothing had been lost
  ["sys-err-recovery", 3], // it may still have come: the recording ends
])("scenario %s on a recording that booted and was suspended once: exit %d", async (name, code) => {
  const path = join(DATA, "truth/linux-6.12/extract.dat");
  expect((await checked(path, "--scenario", name, "--family", "sdx55")).code).toBe(code);
});

test("several files: the worst one decides; lines name what each is", async () => {
  const healthy = join(DATA, "linux-6.12-live");
  const result = await cli(["check", "--no-html", healthy, join(DATA, "linux-6.12-sdx55/trace.txt")]);
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/^ok$/m);
  expect(result.stdout).toMatch(/^FAIL, recovered {3}F29 context lost over suspend {3}cause: /m);
});

test("the report is a page that names the failure, at the place that the line points to", async () => {
  const page = join(folder, "report.html");
  const result = await cli(["check", "--html", page, join(DATA, "linux-6.12-sdx55/trace.txt")]);
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/see \S*report\.html#t=11\.663$/m);
  expect(readFileSync(page, "utf8")).toContain("context lost over suspend");
});

describe("what cannot be judged", () => {
  test.each([
    ["no file", [], /check wants a recording/],
    ["a file that is not there", [join(folder, "nix.dat")], /cannot be opened/],
    ["an unknown family", ["--family", "sdx99", join(DATA, "linux-6.12-live")], /no device family "sdx99"/],
    ["--watch of a file", ["--watch", join(DATA, "linux-6.12-live")], /--watch reads a pipe: give - alone/],
    ["an unknown scenario", ["--scenario", "x", join(DATA, "linux-6.12-live")], /no scenario "x"; there are: boot/],
    [
      "a log that is not there",
      ["--dmesg", join(folder, "x"), join(DATA, "linux-6.12-live")],
      /cannot be read|cannot be opened/,
    ],
    [
      "a page in no folder",
      ["--html", join(folder, "x", "y.html"), join(DATA, "linux-6.12-live")],
      /cannot be written/,
    ],
  ])("%s: one sentence, exit 2", async (_, args, sentence) => {
    const { code, stderr } = await cli(["check", ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("an empty one", async () => {
    const path = join(folder, "empty");
    writeFileSync(path, "");
    expect((await cli(["check", path])).code).toBe(2);
    writeFileSync(path, gzipSync("# tracer: nop\n"));
    expect((await cli(["check", "--no-html", path])).code).toBe(3);
  });
});

describe("--watch", () => {
  const lines = gunzipSync(readFileSync(join(DATA, "truth/linux-6.12/nominal.report.txt.gz"))).toString();

  test("tells a finding before the recording ends, then the verdict; Ctrl-C ends it", async () => {
    const { child, done, seen } = startCli(["check", "--no-html", "--watch", "-"], {}, "pipe");
    const half = lines.indexOf("\n", lines.indexOf("SYS ERROR Process"));
    child.stdin?.write(lines.slice(0, half + 1));
    await seen(/mhi0 {2}.*SYS_ERR/, 10_000);
    expect(child.exitCode).toBe(null);
    child.stdin?.write(lines.slice(half + 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGINT"); // the pipe stays open: nobody waits for it for ever
    const { code, stdout, stderr } = await done;
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/FAIL, recovered {3}F12/);
    child.stdin?.destroy();
  });

  test("finds the same as a reading of the whole", async () => {
    const { child, done } = startCli(["check", "--no-html", "--json", "--watch", "-"], {}, "pipe");
    child.stdin?.end(lines);
    const [watched, whole] = [await done, await checked(join(DATA, "truth/linux-6.12/nominal.report.txt.gz"))];
    const document = documentSchema.parse(JSON.parse(watched.stdout));
    const facts = ({ controllers }: (typeof document.files)[number]) =>
      controllers.map(({ outcome, story, findings }) => ({
        outcome,
        story,
        titles: findings.map(({ title, signature }) => [title, signature]),
      }));
    expect(document.files.map(facts)).toEqual(whole.document.files.map(facts));
  });
});
