/**
 * The endpoint's own process: a busy test must not stall a register read.
 *
 *   node dist/harness/endpoint/main.js --socket PATH --control PATH --log PATH --profile sdx55
 *     [--slot-power kept|lost] [--power-on-ee AMSS|PBL|EDL|PTHRU] [--fault NAME[:key=val,...]]... [--boot-delay-ms N] [--verbose] [--exit-with-stdin]
 *
 * Prints `ready` when both sockets listen. Ends on SIGTERM, SIGINT, or (with --exit-with-stdin) when stdin closes,
 * and takes its sockets along. Exit code 2 for bad options or a socket that cannot be had.
 */
import { parseArgs } from "node:util";
import { describeError, UsageError } from "../base/errors.ts";
import { ExecEnv, isPowerOnEe, POWER_ON_EES } from "../mhi/exec-env.ts";
import { withAllChannels } from "../mhi/families/family.ts";
import { familyById } from "../mhi/families/index.ts";
import { ControlServer } from "./control.ts";
import type { SlotPower } from "./control-protocol.ts";
import { Endpoint } from "./endpoint.ts";
import { parseFaultText } from "./faults/index.ts";
import { FileLog } from "./log.ts";
import { VfioUserServer } from "./vfio-user/server.ts";

/** As the trial runs had it: long enough to be seen as a state, short enough for fast boots. */
const BOOT_DELAY_MS = 20;

const OPTIONS = {
  socket: { type: "string" },
  control: { type: "string" },
  log: { type: "string" },
  profile: { type: "string" },
  "power-on-ee": { type: "string" },
  "slot-power": { type: "string", default: "kept" },
  fault: { type: "string", multiple: true },
  "boot-delay-ms": { type: "string", default: String(BOOT_DELAY_MS) },
  verbose: { type: "boolean", default: false },
  "exit-with-stdin": { type: "boolean", default: false },
} as const;

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new UsageError("bad-option", describeError(error).replaceAll("\n", " "));
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === "") throw new UsageError("missing-option", `--${name} is missing`);
  return value;
}

function slotPower(text: string): SlotPower {
  if (text === "kept" || text === "lost") return text;
  throw new UsageError("bad-option", `--slot-power is "${text}", expected kept or lost`);
}

function powerOnEe(text: string): ExecEnv {
  if (isPowerOnEe(text)) return ExecEnv[text];
  throw new UsageError("bad-option", `--power-on-ee is "${text}", expected one of: ${POWER_ON_EES.join(", ")}`);
}

function milliseconds(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 3_600_000) return value;
  throw new UsageError("bad-option", `--${name} is "${text}", expected a whole number of milliseconds up to 3600000`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const socketPath = required("socket", options.socket);
  const controlPath = required("control", options.control);
  const logPath = required("log", options.log);
  const family = withAllChannels(familyById(required("profile", options.profile)));
  const power = slotPower(options["slot-power"]);
  const bootDelayMs = milliseconds("boot-delay-ms", options["boot-delay-ms"]);
  const faults = (options.fault ?? []).map(parseFaultText);

  const file = new FileLog(logPath);
  const endpoint = new Endpoint({
    family,
    log: file.log,
    slotPower: power,
    bootDelayMs,
    logReads: options.verbose,
    ...(options["power-on-ee"] !== undefined && { powerOnEe: powerOnEe(options["power-on-ee"]) }),
  });
  for (const fault of faults) endpoint.faults.arm(fault.name, fault.options);
  const server = new VfioUserServer(endpoint, file.log);
  const control = new ControlServer(endpoint);
  await server.listen(socketPath);
  await control.listen(controlPath);

  const end = once(async () => {
    await Promise.all([server.close(), control.close()]); // removes the sockets
    file.close();
    process.exit(0);
  });
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  if (options["exit-with-stdin"]) {
    process.stdin.once("end", end);
    process.stdin.once("error", end);
    process.stdin.resume();
  }
  process.stdout.on("error", () => {}); // the parent has closed its end: not our trouble
  process.stdout.write("ready\n");
}

function once(work: () => Promise<void>): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    void work();
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`endpoint: ${describeError(error)}\n`);
  process.exit(2);
});
