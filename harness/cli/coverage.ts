import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { type Missing, missingOf, united } from "../judge/index.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import type { CoverageRecord } from "../record/schema.ts";
import { readRun } from "../record/store.ts";
import { reportsDir } from "../runner/paths.ts";

interface DeviceCoverage {
  readonly family: string;
  readonly kernel: string;
  readonly firmware: string;
  readonly runs: number;
  readonly coverage: CoverageRecord;
  readonly missing: readonly Missing[];
}

export const coverageCommand = (): Command =>
  new Command("coverage")
    .description("which PM, EE and channel edges and which scenarios runs have shown, and what would reach the others")
    .argument("[runs...]", "run ids or folders (default: all runs in the reports' folder)")
    .option("--family <id>", `only this device family: ${familyIds().join(", ")}`)
    .option("--missing", "list what no run has shown, each with what would reach it")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nRuns of one family, firmware and kernel are taken together.\n\nExamples:\n  mhi-hil coverage\n  mhi-hil coverage --missing --family sdx55\n  mhi-hil coverage 2026-11-23T1904-07 --json",
    )
    .action((runs: readonly string[], options: { family?: string; missing?: boolean; json?: boolean }) => {
      if (options.family !== undefined) familyById(options.family);
      const found = devicesOf(runs.length > 0 ? runs.map(folderNamed) : allFolders());
      const shown = found.filter(({ family }) => options.family === undefined || family === options.family);
      if (shown.length === 0) {
        throw new UsageError("no-coverage", "no run there tells what it covered; make one with: mhi-hil run");
      }
      const text = options.json
        ? JSON.stringify(shown, null, 2)
        : shown.flatMap((device) => linesOf(device, options.missing === true)).join("\n");
      process.stdout.write(`${text}\n`);
    });

function folderNamed(run: string): string {
  const candidates = [resolve(run), join(reportsDir(), run)];
  const found = candidates.find((dir) => existsSync(join(dir, "run.json")));
  if (found !== undefined) return found;
  throw new UsageError(
    "unknown-run",
    `no run "${run}": expected a folder with run.json, looked at ${candidates.join(" and ")}`,
  );
}

function allFolders(): string[] {
  const dir = reportsDir();
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .map((name) => join(dir, name))
    .filter((folder) => existsSync(join(folder, "run.json")));
}

/** Older records tell no more than PM edges, and not of which device: they are passed over. */
function devicesOf(folders: readonly string[]): DeviceCoverage[] {
  const byDevice = new Map<string, CoverageRecord[]>();
  for (const folder of folders) {
    const { coverage } = readRun(folder);
    if (!coverage.of) continue;
    const key = JSON.stringify([coverage.of.family, coverage.of.firmware, coverage.of.kernel]);
    byDevice.set(key, [...(byDevice.get(key) ?? []), coverage]);
  }
  return [...byDevice.values()].flatMap((records) => {
    const coverage = united(records);
    if (!coverage?.of) return [];
    const { family, kernel = "unknown", firmware = "unknown" } = coverage.of;
    const profile = familyIds().includes(family) ? familyById(family) : undefined;
    return [{ family, kernel, firmware, runs: records.length, coverage, missing: missingOf(coverage, profile) }];
  });
}

const NAMES: Readonly<Record<Missing["part"], string>> = {
  pm: "PM edge",
  ee: "EE edge",
  channels: "channel",
  scenarios: "scenario",
};

function linesOf({ family, kernel, firmware, runs, coverage, missing }: DeviceCoverage, all: boolean): string[] {
  const { pmEdgesSeen, pmEdgesTotal, ee, channels, scenarios } = coverage;
  const part = (name: string, seen = 0, total = 0): string => `${name} ${seen} of ${total}`;
  const head = [
    `${family} on ${kernel}, firmware ${firmware}, ${runs} ${runs === 1 ? "run" : "runs"}`,
    part("PM edges", pmEdgesSeen.length, pmEdgesTotal),
    part("EE edges", ee?.seen.length, ee?.total),
    part("channel commands", channels?.seen.length, channels?.total),
    part("scenarios", scenarios?.seen.length, scenarios?.total),
  ].join("   ");
  return [
    head,
    ...(all ? missing.map((one) => `  ${NAMES[one.part].padEnd(9)} ${one.name.padEnd(38)} ${one.reach}`) : []),
  ];
}
