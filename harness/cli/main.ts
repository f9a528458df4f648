/** `mhi-hil`: one file a command; this one only puts them together. */
import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { coverageCommand } from "./coverage.ts";
import { cutCommand } from "./cut.ts";
import { decodeCommand } from "./decode.ts";
import { exportCommand } from "./export.ts";
import { labCommand } from "./lab.ts";
import { reportCommand } from "./report.ts";
import { rigsCommand } from "./rigs.ts";
import { runCommand } from "./run.ts";
import { start } from "./start.ts";
import { version } from "./version.ts";

export function program(): Command {
  return new Command("mhi-hil")
    .description("Hardware-in-the-loop test harness for MHI devices under Linux")
    .version(version())
    .showHelpAfterError("(see: mhi-hil --help)")
    .addHelpText(
      "after",
      `
Exit codes: 0 pass, 1 fail, 2 usage or rig fault, 3 inconclusive

Examples:
  mhi-hil run                          the default suite on the virtual rig
  mhi-hil run --grep S3 --fault m3-not-acked
  mhi-hil lab up && mhi-hil lab shell  a virtual rig to look around in
  mhi-hil report                       the newest run's report
  mhi-hil check customer.dat           verdict on a recording, with no rig
  mhi-hil coverage --missing           what no run has exercised yet, and how to reach it
  mhi-hil decode trace.dat             a recording of mhi_host in words
  mhi-hil export trace.dat --to perfetto -o trace.perfetto-trace`,
    )
    .addCommand(runCommand())
    .addCommand(labCommand())
    .addCommand(rigsCommand())
    .addCommand(reportCommand())
    .addCommand(checkCommand())
    .addCommand(coverageCommand())
    .addCommand(decodeCommand())
    .addCommand(exportCommand())
    .addCommand(cutCommand());
}

start(program());
