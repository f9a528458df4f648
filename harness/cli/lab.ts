import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command } from "commander";
import { formatSpan } from "../base/clock.ts";
import { RigFault } from "../base/errors.ts";
import { waitFor } from "../base/wait.ts";
import { faultNames } from "../endpoint/faults/index.ts";
import { loadRig } from "../rig/inventory/load.ts";
import { KeeperClient, startKeeper } from "../runner/keeper-client.ts";
import type { KeeperStatus } from "../runner/keeper-protocol.ts";
import { rigDirs, rigStateDir } from "../runner/paths.ts";
import { checkKernel, kernelOption } from "./kernel-option.ts";
import { matrixCommand } from "./matrix.ts";
import { Progress } from "./progress.ts";

interface LabOptions {
  readonly rig: string;
  readonly json?: boolean;
  readonly fault?: string[];
  readonly kernel?: string;
}

const collect = (value: string, list: string[]): string[] => [...list, value];

export function labCommand(): Command {
  const lab = new Command("lab").description("the rig by hand: bring it up and look around in it").addHelpText(
    "after",
    `
Examples:
  mhi-hil lab up
  mhi-hil lab shell -- dmesg | grep mhi
  mhi-hil lab fault m3-not-acked on
  mhi-hil lab down`,
  );
  const sub = (name: string, what: string): Command =>
    lab
      .command(name)
      .description(what)
      .option("--rig <id>", "rig file's id or path", process.env.MHI_HIL_RIG ?? "virtual-sdx55")
      .option("--json", "machine-readable");
  sub("up", "bring the rig up and leave it up; runs use it then")
    .option("--fault <name[:key=value,...]>", "arm a fault of the virtual rig's device", collect, [])
    .addOption(kernelOption())
    .addHelpText("after", "\nExamples:\n  mhi-hil lab up\n  mhi-hil lab up --kernel 6.1\n  mhi-hil lab up --rig rack-3")
    .action(up);
  sub("down", "switch the rig off and give it back")
    .addHelpText("after", "\nExample:\n  mhi-hil lab down")
    .action(down);
  sub("status", "is it up, who uses it, what runs in it")
    .addHelpText("after", "\nExamples:\n  mhi-hil lab status\n  mhi-hil lab status --json")
    .action(status);
  sub("shell", "a shell on the rig's host, or one command")
    .argument("[command...]", "command to run there")
    .addHelpText("after", "\nExamples:\n  mhi-hil lab shell\n  mhi-hil lab shell -- cat /proc/version")
    .action(shell);
  sub("console", "the host's serial console, live; Ctrl-] leaves it")
    .addHelpText("after", "\nExample:\n  mhi-hil lab console")
    .action(consoleSession);
  sub("fault", "let the virtual rig's device misbehave now")
    .argument("<name>", faultNames())
    .addArgument(new Argument("[state]").choices(["on", "off"]).default("on"))
    .addHelpText("after", "\nExample:\n  mhi-hil lab fault device-gone on")
    .action(fault);
  lab.addCommand(matrixCommand());
  return lab;
}

const rigIdOf = (options: LabOptions): string => loadRig(options.rig, rigDirs()).id;

async function keeperOf(options: LabOptions): Promise<KeeperClient> {
  const id = rigIdOf(options);
  const keeper = await KeeperClient.find(id);
  if (!keeper) throw new RigFault("lab-not-up", `rig ${id} is not up; bring it up with: mhi-hil lab up --rig ${id}`);
  return keeper;
}

function print(options: LabOptions, value: object, lines: readonly string[]): void {
  process.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join("\n")}\n`);
}

async function up(options: LabOptions): Promise<void> {
  const rig = loadRig(options.rig, rigDirs());
  const running = await KeeperClient.find(rig.id);
  if (running) {
    const at = await running.status();
    running.close();
    checkKernel(at, options.kernel);
    print(options, at, [`rig ${rig.id} is up already, since ${at.since} (pid ${at.pid})`]);
    return;
  }
  const progress = new Progress(process.stderr);
  const started = await startKeeper(
    {
      rig: rig.path,
      faults: options.fault ?? [],
      ...(options.kernel !== undefined && { kernel: options.kernel }),
      who: "mhi-hil lab up",
      consoleLog: join(rigStateDir(rig.id), "console.jsonl"),
      stay: true,
    },
    progress.update,
  ).finally(() => progress.done());
  started.detach();
  const keeper = await keeperOf(options);
  const at = await keeper.status();
  keeper.close();
  print(options, at, statusLines(at));
}

async function down(options: LabOptions): Promise<void> {
  const id = rigIdOf(options);
  const keeper = await KeeperClient.find(id);
  if (!keeper) {
    print(options, { rigId: id, up: false }, [`rig ${id} was not up`]);
    return;
  }
  const { claim, pid } = await keeper.status();
  if (claim) {
    throw new RigFault(
      "lease-taken",
      `rig ${id} is in use by ${claim.who} (pid ${claim.pid}) since ${claim.since}; it stays up`,
    );
  }
  await keeper.shutdown();
  keeper.close();
  await waitFor(() => isGone(pid), {
    what: `the keeper of rig ${id} (pid ${pid}) to end`,
    timeoutMs: 20_000,
    intervalMs: 50,
  });
  print(options, { rigId: id, up: false }, [`rig ${id} is down`]);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function status(options: LabOptions): Promise<void> {
  const id = rigIdOf(options);
  const keeper = await KeeperClient.find(id);
  if (!keeper) {
    print(options, { rigId: id, up: false }, [`rig ${id} is not up`]);
    return;
  }
  const at = await keeper.status();
  keeper.close();
  print(options, { up: true, ...at }, statusLines(at));
}

function statusLines(at: KeeperStatus): string[] {
  const upFor = formatSpan((Date.now() - Date.parse(at.since)) * 1e6);
  return [
    `rig ${at.rigId}   power ${at.power}${at.accel ? ` (${at.accel})` : ""}   up ${upFor} (pid ${at.pid})`,
    `  ssh      ${at.ssh.user}@${at.ssh.host} port ${at.ssh.port}`,
    ...(at.consolePath ? [`  console  ${at.consolePath}`] : []),
    ...(at.deviceLogPath ? [`  device   ${at.deviceLogPath}`] : []),
    ...Object.entries(at.versions).map(([name, version]) => `  ${name.padEnd(8)} ${version}`),
    ...(at.faults.length > 0 ? [`  faults   ${at.faults.join(", ")}`] : []),
    ...(at.claim ? [`  in use by ${at.claim.who} (pid ${at.claim.pid}) since ${at.claim.since}`] : []),
    ...(at.exit ? [`  the host ended: ${at.exit.why}`] : []),
  ];
}

async function shell(command: string[], options: LabOptions): Promise<void> {
  const keeper = await keeperOf(options);
  const { ssh, rigId } = await keeper.status();
  keeper.close();
  if (!ssh.hostPublicKey || !ssh.privateKeyPath) {
    throw new RigFault(
      "no-lab-key",
      `rig ${rigId} is not a virtual one; use: ssh -p ${ssh.port} ${ssh.user}@${ssh.host}`,
    );
  }
  const known = join(rigStateDir(rigId), "known_hosts");
  writeFileSync(known, `[${ssh.host}]:${ssh.port} ${ssh.hostPublicKey}\n`, { mode: 0o600 });
  const args = [
    "-q",
    "-F",
    "none",
    "-i",
    ssh.privateKeyPath,
    "-p",
    String(ssh.port),
    "-o",
    "StrictHostKeyChecking=yes",
  ];
  args.push("-o", `UserKnownHostsFile=${known}`, "-o", "IdentitiesOnly=yes", `${ssh.user}@${ssh.host}`, ...command);
  const child = spawn("ssh", args, { stdio: "inherit" });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once("exit", (code) => resolve(code ?? 2));
    child.once("error", () =>
      reject(new RigFault("no-ssh", "there is no ssh on this machine; install Debian's openssh-client")),
    );
  });
}

async function consoleSession(options: LabOptions): Promise<void> {
  const keeper = await keeperOf(options);
  for (const line of (await keeper.consoleSince(0)).slice(-20)) process.stdout.write(`${line.text}\n`);
  keeper.onConsole((line) => process.stdout.write(`${line.text}\n`));
  const ended = new Promise<void>((resolve) => {
    keeper.onClose(resolve);
    process.stdin.on("end", resolve);
    process.stdin.on("data", (data: Buffer) => {
      if (data.includes(0x1d)) resolve();
      else void keeper.consoleWrite(data.toString("utf8"));
    });
  });
  process.stderr.write("[console; lines are sent on Enter, Ctrl-] then Enter leaves]\n");
  await ended;
  keeper.close();
  process.stdin.destroy();
}

async function fault(name: string, state: string, options: LabOptions): Promise<void> {
  const keeper = await keeperOf(options);
  await keeper.setFault(name, state !== "off");
  const { faults } = await keeper.status();
  keeper.close();
  print(options, { faults }, [`faults armed: ${faults.join(", ") || "none"}`]);
}
