/** The plug is pulled in the middle of a test: one clear sentence, the right exit code, and the next run works. */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type CliResult, cli, parseRun, type RunningCli, runSuite, startCli } from "../support/cli.ts";

const S3_KEPT = ["suites/power/system-suspend.spec.ts", "--grep", "power kept"];
const statusSchema = z.object({ up: z.boolean(), pid: z.number().optional(), power: z.string().optional() });

async function status(): Promise<z.infer<typeof statusSchema>> {
  return statusSchema.parse(JSON.parse((await cli(["lab", "status", "--json"])).stdout));
}

function processesBelow(pid: number): { pid: number; command: string }[] {
  const all = readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [
        { pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ") },
      ];
    } catch {
      return [];
    }
  });
  const below = (parent: number): typeof all =>
    all.filter((entry) => entry.parent === parent).flatMap((entry) => [entry, ...below(entry.pid)]);
  return below(pid);
}

async function qemuPid(): Promise<number> {
  const { pid } = await status();
  const qemu = processesBelow(pid ?? 0).find((entry) => entry.command.includes("vfio-user-pci"));
  if (!qemu) throw new Error("no QEMU below the keeper");
  return qemu.pid;
}

describe("a bad day in the middle of a test", () => {
  let running: RunningCli | undefined;
  afterEach(async () => {
    running?.child.kill("SIGTERM");
    await running?.done;
    running = undefined;
  });

  /** A run that stands in the middle of a test. */
  const begin = async (): Promise<RunningCli> => {
    const sign = join(mkdtempSync(join(tmpdir(), "mhi-hil-hold-")), "sign");
    const run = startCli(["run", "--json", "--suites", "test/on-rig/suites"], { MHI_HIL_HOLD_FILE: sign });
    running = run;
    let ended: CliResult | undefined;
    void run.done.then((result) => {
      ended = result;
    });
    while (!existsSync(sign)) {
      if (ended) throw new Error(`the run ended before its test began:\n${ended.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return run;
  };

  it("QEMU killed: infra, named, and the next run passes", async () => {
    const run = await begin();
    process.kill(await qemuPid(), "SIGKILL");
    const result = await run.done;
    expect(result.code, result.stderr).toBe(2);
    const [test] = parseRun(result).tests;
    expect(test?.outcome).toBe("infra");
    expect(test?.summary).toMatch(/QEMU was ended by signal SIGKILL/);
    const next = await runSuite(S3_KEPT);
    expect(next.result.code, next.result.stderr).toBe(0);
  });

  it("sshd killed: infra, named", async () => {
    const run = await begin();
    await cli(["lab", "shell", "--", "killall -9 dropbear"]);
    const result = await run.done;
    expect(result.code, result.stderr).toBe(2);
    const [test] = parseRun(result).tests;
    expect(test?.outcome).toBe("infra");
    expect(test?.summary).toMatch(/SSH connection/);
  });

  it("guest panic: told as a panic, with the console kept", async () => {
    const run = await begin();
    await cli(["lab", "shell", "--", "echo c > /proc/sysrq-trigger"]);
    const result = await run.done;
    expect(result.code, result.stderr).toBe(2);
    expect(parseRun(result).tests[0]?.summary).toMatch(/kernel panicked/);
  });

  it("a second run is told who has the rig; Ctrl-C leaves no QEMU", async () => {
    const run = await begin();
    const other = await cli(["run", ...S3_KEPT]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/rig virtual-sdx55 is in use by mhi-hil run .* since \d{4}-/);
    const { pid } = await status();
    const below = processesBelow(pid ?? 0);
    run.child.kill("SIGINT");
    const result = await run.done;
    expect(result.code).toBe(130);
    for (const entry of below) expect(() => process.kill(entry.pid, 0), entry.command).toThrow();
    expect((await status()).up).toBe(false);
  });
});
