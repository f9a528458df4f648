/**
 * The machine's own apt-get, pointed at a private folder: it resolves, downloads and checks signatures, and neither
 * reads nor changes what is installed on the machine. No root is needed.
 *
 * The folder looks like apt's own root (`etc/apt`, `var/lib/apt/lists`, `var/cache/apt/archives`, `var/lib/dpkg/status`).
 * Of the machine's configuration only the `Acquire` settings (proxy, certificates, time checks) and the credentials are
 * taken over; its hooks are not, they would act on the machine.
 */
import { constants } from "node:fs";
import { access, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RigFault } from "../base/errors.ts";
import { type AptStep, aptFault } from "./apt-errors.ts";
import { aptConfig, pinFile, sourcesList, statusFile } from "./apt-files.ts";
import type { PackageRecord } from "./manifest.ts";
import type { PackageSet } from "./package-set.ts";
import { findProgram, type ProgramResult, runProgram } from "./run-program.ts";

/** Debian 12 has the .gpg, Debian 13 both names. */
const KEYRINGS = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

export interface ResolvedPackage extends PackageRecord {
  readonly installedBytes: number;
}

export interface AptOptions {
  /** The private folder; made when it is not there. */
  readonly dir: string;
  readonly set: PackageSet;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
}

/** The apt settings of this machine that a private apt needs to reach the network the same way. */
interface MachineApt {
  readonly acquire: readonly string[];
  readonly mirror: string;
}

export class PrivateApt {
  readonly mirror: string;
  readonly #dir: string;
  readonly #set: PackageSet;
  readonly #signal: AbortSignal | undefined;

  private constructor(options: AptOptions, mirror: string) {
    this.#dir = options.dir;
    this.#set = options.set;
    this.#signal = options.signal;
    this.mirror = mirror;
  }

  /** @throws RigFault `no-apt`, `unsupported-machine`, `keyring-missing`, `no-mirror`. */
  static async prepare(options: AptOptions): Promise<PrivateApt> {
    await requireTools();
    const keyring = await firstReadable(KEYRINGS);
    if (!keyring) {
      throw new RigFault(
        "keyring-missing",
        `the Debian archive keyring was not found (${KEYRINGS[0]}): packages cannot be verified; install the package debian-archive-keyring`,
      );
    }
    const machine = await readMachineApt(options.mirror, options.signal);
    const apt = new PrivateApt(options, machine.mirror);
    await apt.#layOut(keyring, machine);
    return apt;
  }

  async update(): Promise<void> {
    await this.#run("read the package lists", ["update", "-qq", "--error-on=any"]);
  }

  /** Names of the kernel images that the suites have. */
  async kernelPackages(): Promise<string[]> {
    const known = await this.#runTool("apt-cache", ["pkgnames", "linux-image-"], "resolve the packages");
    return known.stdout.split("\n").filter((name) => name !== "");
  }

  /** Every package that installing `names` would bring, with its hash from the signed lists. */
  async resolve(names: readonly string[]): Promise<ResolvedPackage[]> {
    const simulated = await this.#run("resolve the packages", ["install", "-qq", "--simulate", "-y", ...names]);
    const wanted = parseSimulation(simulated.stdout, this.#set.suites);
    const shown = await this.#runTool(
      "apt-cache",
      ["show", "--no-all-versions", ...wanted.map(({ name, version }) => `${name}=${version}`)],
      "resolve the packages",
    );
    const records = parseShow(shown.stdout);
    return wanted.map(({ name, version, suite }) => {
      const record = records.get(`${name}=${version}`);
      if (!record) {
        throw new RigFault(
          "package-missing",
          `could not resolve the packages: apt-cache does not know ${name} ${version}`,
        );
      }
      return { name, version, suite, ...record };
    });
  }

  /** Fetches into `archivesDir`; apt checks each file against its list. */
  async download(names: readonly string[]): Promise<void> {
    await this.#run("download the packages", ["install", "-qq", "--download-only", "-y", ...names]);
  }

  get archivesDir(): string {
    return join(this.#dir, "var/cache/apt/archives");
  }

  /** Bytes that lie in the archives folder by now, finished or not. */
  async downloadedBytes(): Promise<number> {
    let total = 0;
    for (const dir of [this.archivesDir, join(this.archivesDir, "partial")]) {
      for (const name of await readdir(dir).catch(() => [])) {
        const found = await stat(join(dir, name)).catch(() => undefined);
        if (found?.isFile() && name.includes(".deb")) total += found.size;
      }
    }
    return total;
  }

  async #layOut(keyring: string, machine: MachineApt): Promise<void> {
    const path = (...parts: string[]) => join(this.#dir, ...parts);
    for (const dir of ["etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/lib/dpkg"]) {
      await mkdir(path(dir), { recursive: true });
    }
    await writeFile(path("var/lib/dpkg/status"), statusFile(this.#set.notNeeded));
    await writeFile(path("etc/apt/sources.list"), sourcesList(machine.mirror, keyring, this.#set.suites));
    await writeFile(path("etc/apt/preferences"), pinFile());
    const netrc = await firstReadable(["/etc/apt/auth.conf"]);
    const netrcParts = await firstReadable(["/etc/apt/auth.conf.d"]);
    await writeFile(path("apt.conf"), aptConfig({ dir: this.#dir, acquire: machine.acquire, netrc, netrcParts }));
  }

  async #run(step: AptStep, args: readonly string[]): Promise<ProgramResult> {
    return await this.#runTool("apt-get", args, step);
  }

  async #runTool(tool: string, args: readonly string[], step: AptStep): Promise<ProgramResult> {
    const result = await runProgram(tool, args, {
      env: { ...process.env, APT_CONFIG: join(this.#dir, "apt.conf"), LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
      ...(this.#signal && { signal: this.#signal }),
    });
    if (result.code !== 0) throw aptFault(step, `${result.stdout}\n${result.stderr}`, result.code);
    return result;
  }
}

async function requireTools(): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new RigFault(
      "unsupported-machine",
      `the virtual rig needs Debian 12 or newer on amd64; this is ${process.platform} on ${process.arch}`,
    );
  }
  for (const tool of ["apt-get", "apt-cache", "apt-config", "dpkg-deb", "tar"]) {
    if (await findProgram(tool)) continue;
    throw new RigFault(
      "no-apt",
      `${tool} was not found on PATH; the virtual rig fetches its packages with it: run it on Debian 12 or newer, or install ${tool}`,
    );
  }
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const readable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (readable) return path;
  }
  return undefined;
}

async function readMachineApt(named: string | undefined, signal: AbortSignal | undefined): Promise<MachineApt> {
  const options = { env: { ...process.env, LC_ALL: "C" }, ...(signal && { signal }) };
  const config = await runProgram("apt-config", ["dump"], options);
  const acquire = config.stdout
    .split("\n")
    .filter((line) => /^Acquire::(?!IndexTargets|Languages|GzipIndexes|CompressionTypes)\S/.test(line));
  if (named !== undefined) return { acquire, mirror: checkMirror(named) };
  const targets = await runProgram(
    "apt-get",
    ["indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(LABEL)", "Identifier: Packages"],
    options,
  );
  const mirror = pickMirror(targets.stdout);
  if (mirror === undefined) {
    throw new RigFault(
      "no-mirror",
      "no Debian archive (component main) was found in this machine's apt configuration; name one with MHI_HIL_DEBIAN_MIRROR",
    );
  }
  return { acquire, mirror };
}

function checkMirror(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\S+$/.test(text)) return text;
  throw new RigFault(
    "no-mirror",
    `MHI_HIL_DEBIAN_MIRROR is "${text}"; expected the address of a Debian archive, like http://HOST/debian`,
  );
}

const RELEASE = /^(bookworm|trixie|forky|duke|sid|stable|oldstable|testing|unstable)(-updates|-backports)?$/;

/**
 * The main Debian archive among apt's index targets (`REPO_URI|RELEASE|COMPONENT|ORIGIN|LABEL` a line). Before the first
 * `apt-get update` of the machine origin and label are empty; then the release's name decides.
 */
export function pickMirror(indexTargets: string): string | undefined {
  const rows = indexTargets
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([uri, release, component]) => uri && component === "main" && RELEASE.test(release ?? ""));
  const signed = rows.find(([, , , origin, label]) => origin === "Debian" && label === "Debian");
  const plain = rows.find(([uri, , , origin]) => !origin && !/security/.test(uri ?? ""));
  return (signed ?? plain)?.[0];
}

/** `Inst kmod (34.2-2 Debian:13.8/stable [amd64])`; several origins are joined by commas, the last one is the suite's. */
export function parseSimulation(
  text: string,
  suites: readonly string[],
): { name: string; version: string; suite: string }[] {
  const suiteOf = (origins: string): string =>
    suites.find((suite) => suite.endsWith("-backports") === /backports/i.test(origins)) ?? suites[0] ?? "";
  const found: { name: string; version: string; suite: string }[] = [];
  for (const line of text.split("\n")) {
    const match = /^Inst (\S+) (?:\[\S+\] )?\((\S+) (.*) \[\S+\]\)/.exec(line);
    const [, name, version, origins] = match ?? [];
    if (!name || !version || origins === undefined) continue;
    found.push({ name, version, suite: suiteOf(origins) });
  }
  return found;
}

type ShownPackage = Pick<ResolvedPackage, "filename" | "sizeBytes" | "sha256" | "installedBytes">;

export function parseShow(text: string): Map<string, ShownPackage> {
  const records = new Map<string, ShownPackage>();
  for (const stanza of text.split(/\n\n+/)) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
    const [name, version, filename, sha256] = [field("Package"), field("Version"), field("Filename"), field("SHA256")];
    if (!name || !version || !filename || !sha256) continue;
    records.set(`${name}=${version}`, {
      filename,
      sha256,
      sizeBytes: Number(field("Size")),
      installedBytes: Number(field("Installed-Size") ?? 0) * 1024,
    });
  }
  return records;
}
