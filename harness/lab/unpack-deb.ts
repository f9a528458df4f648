/** Unpacks a Debian package without installing it: `dpkg-deb --fsys-tarfile` into `tar`, without documentation. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { RigFault } from "../base/errors.ts";
import { NOT_UNPACKED } from "./package-list.ts";
import { cancelled } from "./run-program.ts";

export async function unpackDeb(deb: string, root: string, signal?: AbortSignal): Promise<void> {
  const source = spawn("dpkg-deb", ["--fsys-tarfile", deb], { stdio: ["ignore", "pipe", "pipe"] });
  const excludes = NOT_UNPACKED.map((pattern) => `--exclude=${pattern}`);
  const sink = spawn(
    "tar",
    // A failed chown of another user's files is no matter: nothing here depends on the owner.
    [
      "--extract",
      "--directory",
      root,
      "--no-same-owner",
      "--no-same-permissions",
      "--wildcards",
      "--anchored",
      ...excludes,
    ],
    { stdio: ["pipe", "ignore", "pipe"] },
  );
  const onAbort = (): void => {
    source.kill("SIGKILL");
    sink.kill("SIGKILL");
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  // tar may end first (no space); the pipe then breaks, which its exit code tells better.
  sink.stdin.on("error", () => undefined);
  source.stdout.pipe(sink.stdin);
  try {
    const [sourceEnd, sinkEnd] = await Promise.all([ended(source), ended(sink)]);
    if (signal?.aborted) throw cancelled();
    const failed = sinkEnd.code !== 0 ? sinkEnd : sourceEnd;
    if (failed.code === 0) return;
    const full = /No space left|quota/i.test(failed.stderr);
    throw new RigFault(
      full ? "no-space" : "package-unpack",
      `could not unpack ${basename(deb)}: ${full ? "the cache folder's file system is full; free some space, or set XDG_CACHE_HOME to a folder with more" : (failed.stderr.trim().split("\n").at(-1) ?? `exit code ${failed.code}`)}`,
    );
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

type Piped = ReturnType<typeof spawn>;

function ended(child: Piped): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", (cause) =>
      reject(new RigFault("program-start", `cannot start a program: ${cause.message}`, { cause })),
    );
    child.once("close", (code) => resolve({ code, stderr }));
  });
}
