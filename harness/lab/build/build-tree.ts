/**
 * A folder in which the unpacked headers, compiler and kbuild tools work as they are, without being installed and on an
 * older Debian than they were built for: a copy by hard links, in which every program that a build runs is replaced by a
 * script that starts it through its own dynamic loader.
 *
 *   bin/      make, gcc, cc1, collect2, as, ld ... by the names that kbuild and gcc call them
 *   usr/      the packages
 *   source/   the parts of the kernel's source that the lab builds
 */
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RigFault } from "../../base/errors.ts";
import { kernelAtLeast } from "../../base/kernel-version.ts";
import type { OnProgress } from "../progress.ts";
import { runProgram } from "../run-program.ts";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const TRIPLET = "x86_64-linux-gnu";
const BINUTILS = ["as", "ld", "ld.bfd", "ar", "nm", "objcopy", "objdump", "strip", "readelf"] as const;
/** Written last; its number is raised when trees are made otherwise. */
const WHOLE = "whole-2";
/** What the lab builds of the kernel's source. */
/** drivers/accel came with 6.2, qaic with 6.4. */
const sourcesOf = (release: string): string[] => [
  ...(kernelAtLeast(release, "6.4") ? ["drivers/accel/qaic"] : []),
  "drivers/bus/mhi",
];

export interface BuildTree {
  readonly dir: string;
  /** The kernel's headers: `make -C` goes here. */
  readonly headersDir: string;
  /** The kernel's source, as far as it was unpacked. */
  readonly sourceDir: string;
}

export interface BuildTreeOptions {
  /** The unpacked packages. */
  readonly packagesRoot: string;
  /** Where the tree goes; made anew unless it is whole. */
  readonly dir: string;
  readonly release: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** @throws RigFault `build-tree` naming what is missing in the packages. */
export async function ensureBuildTree(options: BuildTreeOptions): Promise<BuildTree> {
  const { dir, release } = options;
  const headersDir = join(dir, "usr/src", `linux-headers-${release}`);
  const done = await lstat(join(dir, WHOLE)).catch(() => undefined);
  if (!done) await makeTree(options);
  const [source] = await readdir(join(dir, "source"));
  return { dir, headersDir, sourceDir: join(dir, "source", source ?? "") };
}

async function makeTree({ packagesRoot, dir, release, onProgress, signal }: BuildTreeOptions): Promise<void> {
  onProgress({ phase: "build", message: `preparing the compiler for kernel ${release}` });
  await rm(dir, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true });
  const how = signal ? { signal } : {};
  await must("copy the packages", runProgram("cp", ["-al", packagesRoot, dir], how));
  await writeTools(dir);
  await writeKbuildTools(dir);
  await pointHeadersHere(dir, release);
  onProgress({ phase: "build", message: "unpacking the kernel's source" });
  await unpackSource(dir, release, how);
  await writeFile(join(dir, WHOLE), "");
}

async function writeTools(dir: string): Promise<void> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  for (const tool of BINUTILS) {
    const target = await realpath(join(dir, "usr/bin", `${TRIPLET}-${tool}`)).catch(() => undefined);
    if (target === undefined) throw missing(`usr/bin/${TRIPLET}-${tool}`);
    // kbuild calls it with the triplet, gcc without
    await writeWrapper(dir, join(bin, `${TRIPLET}-${tool}`), target);
    await writeWrapper(dir, join(bin, tool), target);
  }
  const compilers = (await readdir(join(dir, "usr/bin"))).filter((name) => /^x86_64-linux-gnu-gcc-\d+$/.test(name));
  for (const name of compilers) {
    const parts = join(dir, "usr/libexec/gcc", TRIPLET, name.replace(/^.*-/, ""));
    const older = join(dir, "usr/lib/gcc", TRIPLET, name.replace(/^.*-/, ""));
    const home = (await lstat(parts).catch(() => undefined)) ? parts : older;
    for (const part of ["cc1", "collect2"]) await writeWrapper(dir, join(bin, part), join(home, part));
    // gcc finds its parts beside itself first, unless told with -B
    await writeWrapper(dir, join(bin, name), join(dir, "usr/bin", name), { extra: [`-B${bin}/`] });
  }
  if (compilers.length === 0) throw missing(`usr/bin/${TRIPLET}-gcc-*`);
  // $(MAKE) is the name it was called by
  await writeWrapper(dir, join(bin, "make"), join(dir, "usr/bin/make"), { name: join(bin, "make") });
  for (const tool of ["pahole", "xz"]) await writeWrapper(dir, join(bin, tool), join(dir, "usr/bin", tool));
}

/** The tools that kbuild calls by their path. modpost and objtool are chosen by a program that starts its neighbour. */
const KBUILD_TOOLS: Readonly<Record<string, string>> = {
  "scripts/basic/fixdep": "scripts/basic/fixdep",
  "scripts/genksyms/genksyms": "scripts/genksyms/genksyms",
  "scripts/recordmcount": "scripts/recordmcount",
  "scripts/mod/modpost": "scripts/mod/modpost.real-lsb-64",
  "tools/objtool/objtool": "tools/objtool/objtool.real-x86",
  "tools/bpf/resolve_btfids/resolve_btfids": "tools/bpf/resolve_btfids/resolve_btfids",
};

async function writeKbuildTools(dir: string): Promise<void> {
  const homes = (await readdir(join(dir, "usr/lib"))).filter((name) => name.startsWith("linux-kbuild-"));
  for (const home of homes.map((name) => join(dir, "usr/lib", name))) {
    for (const [name, program] of Object.entries(KBUILD_TOOLS)) {
      const path = join(home, name);
      let target = join(home, program);
      if (!(await lstat(target).catch(() => undefined))) continue; // not every kernel has every tool
      if (target === path) {
        target = `${path}.elf`;
        await rename(path, target);
      }
      await writeWrapper(dir, path, target);
    }
  }
}

/** The headers' Makefile names its kin by where they would be installed. */
async function pointHeadersHere(dir: string, release: string): Promise<void> {
  const path = join(dir, "usr/src", `linux-headers-${release}`, "Makefile");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) throw missing(`usr/src/linux-headers-${release}/Makefile`);
  await rm(path); // a hard link into the packages
  await writeFile(path, text.replaceAll("/usr/src/", `${join(dir, "usr/src")}/`));
}

async function unpackSource(dir: string, release: string, how: { readonly signal?: AbortSignal }): Promise<void> {
  const archive = (await readdir(join(dir, "usr/src"))).find((name) => /^linux-source-.*\.tar\.xz$/.test(name));
  if (archive === undefined) throw missing("usr/src/linux-source-*.tar.xz");
  await mkdir(join(dir, "source"));
  const args = ["--extract", "--file", join(dir, "usr/src", archive), "--directory", join(dir, "source")];
  const pick = ["--use-compress-program", join(dir, "bin/xz"), "--no-same-owner", "--wildcards"];
  await must(
    "unpack the kernel's source",
    runProgram("tar", [...args, ...pick, ...sourcesOf(release).map((part) => `*/${part}`)], how),
  );
}

/** Replaces `path`, which may be a hard link into the packages, by a script. `target` is the program it starts. */
async function writeWrapper(
  dir: string,
  path: string,
  target: string,
  { name = target, extra = [] }: { readonly name?: string; readonly extra?: readonly string[] } = {},
): Promise<void> {
  // Debian 12's C library still lies outside /usr
  const homes = [LIBRARIES, LIBRARIES.replace(/^usr\//, "")]
    .map((home) => join(dir, home))
    .filter((home) => existsSync(home));
  const loader = homes.map((home) => join(home, "ld-linux-x86-64.so.2")).find((file) => existsSync(file));
  if (loader === undefined) throw missing(`${LIBRARIES}/ld-linux-x86-64.so.2`);
  const words = [loader, "--library-path", homes.join(":"), "--argv0", name, target];
  const quoted = [...words, ...extra].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const fresh = `${path}.new`;
  await writeFile(fresh, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(fresh, 0o755);
  await rename(fresh, path);
}

const missing = (what: string): RigFault =>
  new RigFault("build-tree", `the packages for building kernel modules hold no ${what}; fetch them anew`);

async function must(what: string, running: ReturnType<typeof runProgram>): Promise<void> {
  const { code, stderr } = await running;
  if (code !== 0)
    throw new RigFault("build-tree", `could not ${what}: ${stderr.trim().split("\n")[0] || `exit code ${code}`}`);
}
