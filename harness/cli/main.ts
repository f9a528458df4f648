/** `mhi-hil`: one file a command; this one only puts them together and turns errors into one sentence. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { describeError, HilError } from "../base/errors.ts";
import { ExitCode } from "../record/exit-code.ts";
import { projectRoot } from "../runner/paths.ts";
import { cutCommand } from "./cut.ts";
import { decodeCommand } from "./decode.ts";
import { exportCommand } from "./export.ts";
import { labCommand } from "./lab.ts";
import { reportCommand } from "./report.ts";
import { rigsCommand } from "./rigs.ts";
import { runCommand } from "./run.ts";

const version = (): string =>
  (JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string }).version;

export function program(): Command {
  return new Command("mhi-hil")
    .description("Hardware-in-the-loop test harness for MHI devices under Linux")
    .version(version())
    .showHelpAfterError("(see: mhi-hil --help)")
    .exitOverride()
    .addHelpText(
      "after",
      `
Exit codes: 0 pass, 1 fail, 2 usage or rig fault, 3 inconclusive

Examples:
  mhi-hil run                          the default suite on the virtual rig
  mhi-hil run --grep S3 --fault m3-not-acked
  mhi-hil lab up && mhi-hil lab shell  a virtual rig to look around in
  mhi-hil report                       the newest run's report
  mhi-hil decode trace.dat             a recording of mhi_host in words
  mhi-hil export trace.dat --to perfetto -o trace.perfetto-trace`,
    )
    .addCommand(runCommand())
    .addCommand(labCommand())
    .addCommand(rigsCommand())
    .addCommand(reportCommand())
    .addCommand(decodeCommand())
    .addCommand(exportCommand())
    .addCommand(cutCommand());
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  if (error instanceof HilError) {
    process.stderr.write(`mhi-hil: ${describeError(error)}\n`);
    return error.kind === "dut" ? ExitCode.fail : ExitCode.usage;
  }
  process.stderr.write(
    `mhi-hil: internal error, please report: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return ExitCode.usage;
}

/** Sub-commands inherit exitOverride, so that a usage error ends with 2 and not with commander's 1. */
function overrideExits(command: Command): void {
  for (const sub of command.commands) {
    sub.exitOverride().showHelpAfterError(`(see: mhi-hil ${sub.name()} --help)`);
    overrideExits(sub);
  }
}

// Whoever read our words has seen enough of them (`| head`): no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

const root = program();
overrideExits(root);
root.parseAsync().catch((error: unknown) => {
  process.exitCode = exitCodeOf(error);
});
