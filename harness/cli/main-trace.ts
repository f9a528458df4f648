/**
 * `mhi-hil` for the commands that only read a recording, without all that drives rigs: loaded in a third of the time.
 * bin/mhi-hil.js chooses.
 */
import { Command } from "commander";
import { cutCommand } from "./cut.ts";
import { decodeCommand } from "./decode.ts";
import { exportCommand } from "./export.ts";
import { start } from "./start.ts";

const commands = [decodeCommand(), exportCommand(), cutCommand()];
const root = new Command("mhi-hil");
for (const command of commands) root.addCommand(command);
start(root);
