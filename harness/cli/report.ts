import { existsSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { summary, testLine } from "../../reports/console.ts";
import { renderHtml } from "../../reports/html/render.ts";
import { renderJunit } from "../../reports/junit.ts";
import { UsageError } from "../base/errors.ts";
import { knownById } from "../judge/index.ts";
import { earlierIn } from "../record/history.ts";
import { findNewestRun, readRun } from "../record/store.ts";
import { reportsDir } from "../runner/paths.ts";

export function reportCommand(): Command {
  return new Command("report")
    .description("make the report of a run again from its record, and say where it is")
    .argument("[run]", "run id or folder (default: the newest)")
    .option("--json", "the whole record on stdout")
    .option("--junit <file>", "write JUnit XML there")
    .addHelpText(
      "after",
      "\nExamples:\n  mhi-hil report\n  mhi-hil report 2026-11-23T1904-07\n  mhi-hil report --junit results.xml",
    )
    .action((run: string | undefined, options: { json?: boolean; junit?: string }) => {
      const dir = folderOf(run);
      const record = readRun(dir);
      const html = join(dir, "index.html");
      write(html, renderHtml(record, { known: knownById }));
      if (options.junit) write(options.junit, renderJunit(record));
      if (options.json) {
        process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
        return;
      }
      const earlier = earlierIn(dirname(resolve(dir)), record.startedAt);
      const lines = [
        ...record.tests.flatMap((test) => testLine(test, undefined, earlier)),
        ...summary(record, relative(process.cwd(), html)),
      ];
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}

/** @throws UsageError `report-unwritable` */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new UsageError("report-unwritable", `${path} cannot be written; give another place`, { cause });
  }
}

function folderOf(run: string | undefined): string {
  if (run !== undefined) {
    const candidates = [resolve(run), join(reportsDir(), run)];
    const found = candidates.find((dir) => existsSync(join(dir, "run.json")));
    if (found) return found;
    throw new UsageError(
      "unknown-run",
      `no run "${run}": expected a folder with run.json, looked at ${candidates.join(" and ")}`,
    );
  }
  const newest = findNewestRun(reportsDir());
  if (!newest) throw new UsageError("no-runs", `no runs in ${reportsDir()} yet; make one with: mhi-hil run`);
  return newest;
}
