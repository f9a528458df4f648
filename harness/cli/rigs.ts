import { Command } from "commander";
import { ExitCode } from "../record/exit-code.ts";
import { listRigs, type RigListing } from "../rig/inventory/load.ts";
import { KeeperClient } from "../runner/keeper-client.ts";
import { rigDirs } from "../runner/paths.ts";

export function rigsCommand(): Command {
  return new Command("rigs")
    .description("the rigs that can be used here, checked, and who uses them")
    .option("--json", "machine-readable")
    .addHelpText("after", "\nExamples:\n  mhi-hil rigs\n  mhi-hil rigs --json")
    .action(async (options: { json?: boolean }) => {
      const rows = await Promise.all(listRigs(rigDirs()).map(rowOf));
      if (options.json)
        process.stdout.write(`${JSON.stringify(rows, null, 2)}
`);
      else
        for (const row of rows)
          process.stdout.write(`${rowText(row)}
`);
      if (rows.some((row) => row.error)) process.exitCode = ExitCode.usage;
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

interface Row {
  readonly id: string;
  readonly path: string;
  readonly kind?: string;
  readonly family?: string;
  readonly use?: string;
  readonly error?: string;
}

async function rowOf({ id, path, rig, error }: RigListing): Promise<Row> {
  if (!rig) return { id, path, error: error?.message ?? "cannot be read" };
  return {
    id,
    path,
    kind: rig.kind,
    family: rig.kind === "virtual" ? rig.profile : rig.dut.family,
    use: await useOf(id),
  };
}

function rowText(row: Row): string {
  if (row.error) return `${row.id.padEnd(18)} BAD      ${row.error}`;
  return `${row.id.padEnd(18)} ${row.kind?.padEnd(8)} ${row.family?.padEnd(8)} ${row.use?.padEnd(8)} ${row.path}`;
}
