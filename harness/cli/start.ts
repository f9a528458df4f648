/** Runs a program: every error becomes one sentence and an honest exit code. */
import { type Command, CommanderError } from "commander";
import { describeError, HilError } from "../base/errors.ts";
import { ExitCode } from "../record/exit-code.ts";

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

export function start(root: Command): void {
  // Whoever read our words has seen enough of them (`| head`): no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  root.exitOverride();
  overrideExits(root);
  root.parseAsync().catch((error: unknown) => {
    process.exitCode = exitCodeOf(error);
  });
}
