import { Command } from "commander";
import { listRigs } from "../rig/inventory/load.ts";
import { KeeperClient } from "../runner/keeper-client.ts";
import { rigDirs } from "../runner/paths.ts";

export function rigsCommand(): Command {
  return new Command("rigs")
    .description("the rigs that can be used here, checked, and who uses them")
    .option("--json", "machine-readable")
    .addHelpText("after", "\nExamples:\n  mhi-hil rigs\n  mhi-hil rigs --json")
    .action(async (options: { json?: boolean }) => {
      const rows = await Promise.all(
        listRigs(rigDirs()).map(async (entry) => ({ ...entry, use: entry.id ? await useOf(entry.id) : "" })),
      );
      if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      else for (const row of rows) process.stdout.write(`${rowText(row)}\n`);
      if (rows.some((row) => row.error)) process.exitCode = 2;
    });
}

async function useOf(rigId: string): Promise<string> {
  const keeper = await KeeperClient.find(rigId);
  if (!keeper) return "free";
  try {
    const { claim, pid, since } = await keeper.status();
    return claim ? `in use by ${claim.who} (pid ${claim.pid}) since ${claim.since}` : `up since ${since} (pid ${pid})`;
  } finally {
    keeper.close();
  }
}

function rowText(row: { id: string; kind?: string; dut?: string; path: string; error?: string; use: string }): string {
  if (row.error) return `${row.id.padEnd(20)} BAD  ${row.error}`;
  return `${row.id.padEnd(20)} ${(row.kind ?? "").padEnd(8)} ${(row.dut ?? "").padEnd(10)} ${row.use.padEnd(8)} ${row.path}`;
}
