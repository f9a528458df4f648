/** Power through any program: a PDU's client, a relay's tool, `ipmitool`. Called by argument list, never by a shell. */
import { execFile } from "node:child_process";
import { RigFault } from "../../base/errors.ts";
import type { PowerDriver, PowerState } from "./power.ts";

export interface CommandPowerOptions {
  readonly on: readonly string[];
  readonly off: readonly string[];
  /** Prints `on` or `off` (among other words); absent where the switch cannot say. */
  readonly status?: readonly string[] | undefined;
  readonly timeoutMs: number;
}

export class CommandPower implements PowerDriver {
  readonly name = "command";
  readonly #options: CommandPowerOptions;

  constructor(options: CommandPowerOptions) {
    this.#options = options;
  }

  async get(): Promise<PowerState> {
    if (!this.#options.status) return "unknown";
    const said = await runProgram(this.#options.status, this.#options.timeoutMs);
    const words = said.toLowerCase().match(/\b(on|off)\b/g) ?? [];
    // "outlet 7: on (was off)" says nothing that we could trust.
    return new Set(words).size === 1 && words[0] === "on" ? "on" : new Set(words).size === 1 ? "off" : "unknown";
  }

  async set(state: "on" | "off"): Promise<void> {
    await runProgram(this.#options[state], this.#options.timeoutMs);
    const found = await this.get();
    if (found !== "unknown" && found !== state) {
      throw new RigFault(
        "power-failed",
        `power: \`${this.#options[state].join(" ")}\` succeeded, but the switch says ${found}; look at the switch`,
        { values: { expected: state, found } },
      );
    }
  }
}

function runProgram(argv: readonly string[], timeoutMs: number): Promise<string> {
  const [program, ...args] = argv;
  if (program === undefined) throw new RigFault("power-failed", "power: the command is empty");
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, killSignal: "SIGKILL" as const, maxBuffer: 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = (stderr || stdout).trim().slice(-300);
      const why = error.killed ? `did not end within ${timeoutMs} ms` : reasonOf(error);
      const values = { program, timeoutMs };
      const sentence = `power: \`${argv.join(" ")}\` ${why}${said ? `: ${said}` : ""}`;
      reject(new RigFault("power-failed", sentence, { cause: error, values }));
    });
    child.stdin?.end();
  });
}

function reasonOf(error: Error & { code?: string | number | null; signal?: string | null }): string {
  if (error.code === "ENOENT") return "cannot be run: no such program on this controller";
  if (error.code === "EACCES") return "cannot be run: no permission";
  return error.signal ? `died of ${error.signal}` : `failed with exit code ${error.code}`;
}
