/**
 * Programs of the unpacked packages, run without being installed: through their own dynamic loader with a library path.
 * So they need nothing of the controller but its kernel, and run on Debian 12 although they were built for 13.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RigFault } from "../base/errors.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";

const LIBRARY_DIR = "usr/lib/x86_64-linux-gnu";

export class Toolchain {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path = (...parts: string[]): string => join(this.root, ...parts);

  get loader(): string {
    return this.path(LIBRARY_DIR, "ld-linux-x86-64.so.2");
  }

  get libraryDir(): string {
    return this.path(LIBRARY_DIR);
  }

  /** Full command line of an unpacked program; `argv0` for those that look at the name they were called by. */
  command(program: string, args: readonly string[], argv0 = program): { file: string; args: string[] } {
    return {
      file: this.loader,
      args: ["--library-path", this.libraryDir, "--argv0", argv0, this.path(program), ...args],
    };
  }

  /** @throws RigFault `lab-tool` when the program fails. */
  async run(
    program: string,
    args: readonly string[],
    options: ProgramOptions & { readonly argv0?: string } = {},
  ): Promise<ProgramResult> {
    const command = this.command(program, args, options.argv0);
    const result = await runProgram(command.file, command.args, options);
    if (result.code === 0) return result;
    const last = result.stderr.trim().split("\n").at(-1) ?? "";
    throw new RigFault("lab-tool", `${options.argv0 ?? program} failed with exit code ${result.code}: ${last}`);
  }

  /** Shared libraries that a program needs, as file names in the library folder. */
  async librariesOf(program: string): Promise<string[]> {
    const result = await runProgram(this.loader, ["--library-path", this.libraryDir, "--list", this.path(program)]);
    if (result.code !== 0) return []; // a static program
    return [...result.stdout.matchAll(/^\s*(\S+) => \S+/gm)].flatMap((match) => (match[1] ? [match[1]] : []));
  }

  /** The only kernel of a set, and its release name: `boot/vmlinuz-RELEASE`, from 7.2 on beside its modules. */
  async kernel(): Promise<{ image: string; release: string }> {
    const booted = await readdir(this.path("boot")).catch(() => []);
    const name = booted.find((entry) => entry.startsWith("vmlinuz-"));
    if (name !== undefined) return { image: this.path("boot", name), release: name.slice("vmlinuz-".length) };
    const releases = await readdir(this.path("usr/lib/modules")).catch(() => []);
    for (const release of releases) {
      const image = this.path("usr/lib/modules", release, "vmlinuz");
      if (existsSync(image)) return { image, release };
    }
    throw new RigFault(
      "no-kernel",
      `no kernel among the unpacked packages: neither ${this.path("boot/vmlinuz-*")} nor ${this.path("usr/lib/modules/*/vmlinuz")}`,
    );
  }

  /** Debian has moved modules from `lib` to `usr/lib`; older packages still have the former. */
  modulesDir(release: string): string {
    const dirs = [this.path("usr/lib/modules", release), this.path("lib/modules", release)];
    return dirs.find((dir) => existsSync(dir)) ?? dirs[0] ?? "";
  }
}
