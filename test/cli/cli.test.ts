/** The command as users have it, in a process of its own; needs `npm run build`. Nothing here starts a rig. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { familyIds } from "../../harness/mhi/families/index.ts";
import { FIXTURE } from "../reports/support/fixture.ts";
import { root } from "../support/cli.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mhi-hil-cli-"));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [join(root, "bin", "mhi-hil.js"), ...args], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      NO_COLOR: "1",
      XDG_RUNTIME_DIR: join(folder, "run"),
      XDG_CACHE_HOME: join(folder, "cache"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      out[name] += text;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...out })));
}

/** Refused: exit code 2, nothing on stdout, no stack trace, and no rig was set up on the way. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args);
  expect(code, stderr).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/internal error|^ {4}at /m);
  expect(existsSync(join(folder, "cache"))).toBe(false);
  return stderr;
}

function addRig(name: string, text: string): void {
  mkdirSync(join(folder, "rigs"), { recursive: true });
  writeFileSync(join(folder, "rigs", name), text);
}

function addRun(id: string, text: string): string {
  const dir = join(folder, "reports", "out", id);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "run.json"), text);
  return dir;
}

describe("help", () => {
  const commands = [
    "run",
    "lab",
    "rigs",
    "report",
    "lab up",
    "lab down",
    "lab status",
    "lab shell",
    "lab console",
    "decode",
    "export",
    "cut",
  ];
  test.each(["", ...commands, "lab fault"])("mhi-hil %s --help shows examples", async (command) => {
    const words = command.split(" ").filter((word) => word !== "");
    const { code, stdout, stderr } = await cli(...words, "--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: mhi-hil${command ? ` ${command}` : ""}`);
    const examples = stdout.split(/^Examples?:$/m)[1] ?? "";
    expect(examples).toContain(`mhi-hil ${command}`.trim());
    for (const line of examples.trim().split("\n")) expect(line.trim()).toMatch(/^mhi-hil /);
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await cli("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("what cannot be asked", () => {
  test.each([
    ["an unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ["an unknown option", ["run", "--colour"], /unknown option '--colour'[\s\S]*mhi-hil run --help/],
    ["an unknown option of a sub-command", ["lab", "status", "--verbose"], /unknown option '--verbose'/],
    ["an option without its value", ["run", "--rig"], /argument missing/],
    ["too many words", ["rigs", "all"], /too many arguments/],
    ["a fault without a name", ["lab", "fault"], /missing required argument 'name'/],
    ["retries that are no number", ["run", "--rig", "none-such", "--retries", "some"], /--retries.*"some".*0, 1, 2/],
    ["no time at all", ["run", "--rig", "none-such", "--repeat", "0"], /--repeat.*"0".*1 to 9999/],
    ["retries below none", ["run", "--rig", "none-such", "--retries=-1"], /--retries.*"-1"/],
    ["a pattern that is none", ["run", "--rig", "none-such", "--grep", "S3("], /--grep.*"S3\(".*regular expression/],
    [
      "a fault neither on nor off",
      ["lab", "fault", "device-gone", "maybe"],
      /'maybe' is invalid.*Allowed choices are on, off/,
    ],
  ])("%s", async (_name, args, words) => {
    expect(await refusal(...args)).toMatch(words);
  });

  test.each([["run"], ["lab", "up"], ["lab", "status"]])(
    "an unknown rig names those there are: %s",
    async (...args) => {
      addRig("bench-2.yaml", "kind: virtual\nprofile: sdx55\nslotPower: kept\n");
      const text = await refusal(...args, "--rig", "bench-3");
      expect(text).toMatch(/^mhi-hil: no rig "bench-3"; did you mean "bench-2"\?; there are: bench-2, .*virtual-sdx55/);
    },
  );

  test("a wrong key in a rig file: file, line, and what was expected", async () => {
    addRig("bench-2.yaml", "kind: virtual\nprofile: sdx55\nslotpower: kept\n");
    const text = await refusal("run", "--rig", "bench-2");
    expect(text).toContain(`${join("rigs", "bench-2.yaml")}:3:1: unknown key "slotpower"; did you mean "slotPower"?`);
  });

  test("a folder for the record that cannot be made, before anything is started", async () => {
    writeFileSync(join(folder, "file"), "");
    expect(await refusal("run", "--out", join("file", "out"))).toMatch(
      /^mhi-hil: the run's folder [^\n]*file\/out cannot be made/,
    );
  });

  test("a rig that is not up", async () => {
    for (const args of [["console"], ["shell"], ["fault", "device-gone", "on"]]) {
      expect(await refusal("lab", ...args)).toMatch(/^mhi-hil: rig virtual-sdx55 is not up; .*mhi-hil lab up/);
    }
    expect(await cli("lab", "status")).toEqual({ code: 0, stdout: "rig virtual-sdx55 is not up\n", stderr: "" });
    expect(JSON.parse((await cli("lab", "down", "--json")).stdout)).toEqual({ rigId: "virtual-sdx55", up: false });
  });
});

describe("rigs", () => {
  test("as a table and as JSON", async () => {
    const { code, stdout } = await cli("rigs", "--json");
    expect(code).toBe(0);
    const rows: { id: string; family: string }[] = JSON.parse(stdout);
    expect(rows).toContainEqual({
      id: "virtual-sdx55",
      path: join(root, "rigs", "virtual-sdx55.yaml"),
      kind: "virtual",
      family: "sdx55",
      use: "free",
    });
    expect(new Set(rows.map(({ family }) => family))).toEqual(new Set(familyIds()));
    expect((await cli("rigs")).stdout).toMatch(/^virtual-sdx55\s+virtual\s+sdx55\s+free\s+\/.*\.yaml$/m);
  });

  test("a broken rig file is shown beside the good ones, and the exit code tells", async () => {
    addRig("bad.yaml", "kind: virtual\nprofile: [\n");
    const { code, stdout } = await cli("rigs", "--json");
    expect(code).toBe(2);
    const rows: { id: string; error?: string }[] = JSON.parse(stdout);
    expect(rows.filter(({ error }) => error !== undefined).map(({ id }) => id)).toEqual(["bad"]);
    expect(rows.map(({ id }) => id)).toContain("virtual-sdx55");
    expect(rows[0]?.error).toMatch(/bad\.yaml:\d+:\d+: not valid YAML/);
  });
});

describe("report", () => {
  test("without runs: one sentence", async () => {
    const text = await refusal("report");
    expect(text).toBe(`mhi-hil: no runs in ${join(folder, "reports", "out")} yet; make one with: mhi-hil run\n`);
  });

  test("of a run that is not there, and of damaged ones", async () => {
    expect(await refusal("report", "2026-01-01T0000-00")).toMatch(/^mhi-hil: no run "2026-01-01T0000-00": .*\n$/);
    const whole = readFileSync(FIXTURE, "utf8");
    for (const [id, text] of [
      ["cut", whole.slice(0, whole.length / 2)],
      ["empty", ""],
      ["other", '{"name":"package"}'],
      ["newer", whole.replace('"mhi-hil/run/1"', '"mhi-hil/run/9"')],
    ] as const) {
      const dir = addRun(id, text);
      expect(await refusal("report", id)).toMatch(/^mhi-hil: [^\n]*run\.json[^\n]*\n$/);
      expect(existsSync(join(dir, "index.html"))).toBe(false);
    }
  });

  test("made again from the record: page, JUnit, JSON", async () => {
    const dir = addRun("good", readFileSync(FIXTURE, "utf8"));
    const { code, stdout, stderr } = await cli("report", "--junit", "out.xml");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(join("reports", "out", "good", "index.html"));
    expect(readFileSync(join(dir, "index.html"), "utf8")).toMatch(/^<!doctype html>/i);
    expect(readFileSync(join(folder, "out.xml"), "utf8")).toContain("<testsuites");
    expect(JSON.parse((await cli("report", "good", "--json")).stdout)).toEqual(
      JSON.parse(readFileSync(join(dir, "run.json"), "utf8")),
    );
  });

  test("a file that cannot be written is told in a sentence", async () => {
    addRun("good", readFileSync(FIXTURE, "utf8"));
    expect(await refusal("report", "--junit", join("none", "out.xml"))).toMatch(
      /^mhi-hil: [^\n]*none\/out\.xml[^\n]*\n$/,
    );
  });
});

describe("coverage", () => {
  const coverage = { pmEdgesSeen: ["POR->M0"], pmEdgesTotal: 48, of: { family: "sdx55", kernel: "6.12.1" } };
  const run = (own: object): string => JSON.stringify({ ...JSON.parse(readFileSync(FIXTURE, "utf8")), coverage: own });

  test("takes runs of one device together and says what would reach the rest", async () => {
    addRun("one", run({ ...coverage, scenarios: { seen: ["boot"], total: 16 } }));
    addRun("two", run({ ...coverage, pmEdgesSeen: ["M0->M2"], scenarios: { seen: ["echo"], total: 16 } }));
    addRun("old", run({ pmEdgesSeen: ["M2->M0"], pmEdgesTotal: 48 }));
    const { code, stdout, stderr } = await cli("coverage", "--missing");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^sdx55 on 6\.12\.1, firmware unknown, 2 runs {3}PM edges 2 of 48 .* scenarios 2 of 16$/m);
    expect(stdout).toMatch(/^ {2}PM edge {3}M0->M3_ENTER +mhi-hil run suites\/power\/runtime-pm\.spec\.ts$/m);
    expect(stdout).not.toMatch(/M0->M2 |scenario {2}boot /);
  });

  test("without a run: one sentence", async () => {
    expect(await refusal("coverage")).toMatch(/no run there tells what it covered; make one with: mhi-hil run/);
  });
});
