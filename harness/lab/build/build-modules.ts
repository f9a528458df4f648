/** Builds kernel modules against a kernel's headers, outside its tree. */
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { RigFault } from "../../base/errors.ts";
import { sha256File } from "../manifest.ts";
import type { OnProgress } from "../progress.ts";
import { runProgram } from "../run-program.ts";
import type { BuildTree } from "./build-tree.ts";

export interface BuiltModule {
  /** As the kernel names it: `mhi_pci_generic`. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

export interface ModuleBuild {
  /** For people: "qaic of Debian's linux-source-6.12". */
  readonly what: string;
  /** Folder with a Makefile; copied, never written to. */
  readonly sourceDir: string;
  /** Settings that a kernel's configuration would give, `CONFIG_DRM_ACCEL_QAIC=m`. */
  readonly config: readonly string[];
  /** Folders for `#include`, absolute. */
  readonly includes?: readonly string[];
  /** Where the modules and the compiler's log go; made anew. */
  readonly outDir: string;
  readonly release: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

const BUILD_MS = 15 * 60_000;
const LOG = "build.log";

/**
 * @throws RigFault `module-build`: the compiler's first error with file and line, and where its log is.
 */
export async function buildModules(tree: BuildTree, build: ModuleBuild): Promise<BuiltModule[]> {
  build.onProgress({ phase: "build", message: `building ${build.what} for kernel ${build.release}` });
  const work = join(build.outDir, "work");
  await rm(build.outDir, { recursive: true, force: true });
  await mkdir(build.outDir, { recursive: true });
  await cp(build.sourceDir, work, { recursive: true });
  const { code, stdout, stderr } = await runProgram(
    join(tree.dir, "bin/make"),
    ["-C", tree.headersDir, `M=${work}`, ...settings(build), "modules"],
    {
      env: { ...process.env, PATH: `${join(tree.dir, "bin")}:${process.env.PATH ?? ""}`, LC_ALL: "C" },
      timeoutMs: BUILD_MS,
      ...(build.signal && { signal: build.signal }),
    },
  );
  const log = join(build.outDir, LOG);
  await writeFile(log, `${stdout}${stderr}`);
  if (code !== 0) throw failed(build, firstError(`${stderr}\n${stdout}`, work, build.sourceDir), log);
  const modules = await collect(work, build.outDir);
  if (modules.length === 0) throw failed(build, "it made no module", log);
  await rm(work, { recursive: true });
  return modules;
}

function settings({ config, includes = [] }: ModuleBuild): string[] {
  const flags = includes.map((dir) => `-I${dir}`).join(" ");
  return [...config, ...(flags === "" ? [] : [`KCFLAGS=${flags}`])];
}

/** The first line in which the compiler or make says "error", with the file where the user has it. */
export function firstError(log: string, work: string, sourceDir: string): string {
  const lines = log.split("\n");
  const line =
    lines.find((text) => /: (?:fatal )?error: /.test(text)) ??
    lines.find((text) => /^ERROR: |\*\*\* /.test(text)) ??
    lines.findLast((text) => text.trim() !== "") ??
    "no reason was given";
  return line
    .trim()
    .replace(/^(?!\/)(?=\S+\.[ch]:\d+:)/, `${sourceDir}/`)
    .replaceAll(`${work}/`, `${sourceDir}/`);
}

const failed = ({ what, release }: ModuleBuild, why: string, log: string): RigFault =>
  new RigFault("module-build", `${what} cannot be built for kernel ${release}: ${why}; the compiler's log is ${log}`);

async function collect(work: string, outDir: string): Promise<BuiltModule[]> {
  const modules: BuiltModule[] = [];
  for (const file of (await readdir(work, { recursive: true })).filter((name) => name.endsWith(".ko")).sort()) {
    const path = join(outDir, basename(file));
    await copyFile(join(work, file), path);
    modules.push(await asModule(path));
  }
  return modules;
}

export async function asModule(path: string): Promise<BuiltModule> {
  const name = basename(path).replace(/\.ko$/, "").replaceAll("-", "_");
  return { name, path, sha256: await sha256File(path) };
}

/** Modules that an earlier build left, by the text that names it; undefined where there is none of that name. */
export async function knownBuild(outDir: string, id: string): Promise<BuiltModule[] | undefined> {
  const written = await readFile(join(outDir, "build.json"), "utf8").catch(() => undefined);
  if (written === undefined) return undefined;
  const record = JSON.parse(written) as { id: string; modules: Pick<BuiltModule, "name" | "sha256">[] };
  if (record.id !== id) return undefined;
  const modules = await Promise.all(
    record.modules.map(({ name }) => asModule(join(outDir, `${name}.ko`)).catch(() => undefined)),
  );
  const whole = modules.filter((module) => module !== undefined);
  return whole.length === record.modules.length &&
    whole.every(({ sha256 }, at) => sha256 === record.modules[at]?.sha256)
    ? whole
    : undefined;
}

export const recordBuild = (outDir: string, id: string, modules: readonly BuiltModule[]): Promise<void> =>
  writeFile(
    join(outDir, "build.json"),
    JSON.stringify({ id, modules: modules.map(({ name, sha256 }) => ({ name, sha256 })) }),
  );
