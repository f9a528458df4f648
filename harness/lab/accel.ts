/**
 * KVM or emulation. `/dev/kvm` may exist and not work (nested machines: guests die with "KVM internal error"), so a real
 * boot decides, once per QEMU, guest image and boot of this machine; the answer lies beside the image.
 */
import { constants } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { RigFault } from "../base/errors.ts";
import { READY_LINE } from "./guest-files.ts";
import type { OnProgress } from "./progress.ts";
import { spawnQemu } from "./qemu.ts";
import { type Accel, baseArgs, type MachineOptions } from "./qemu-args.ts";
import type { QemuBinary } from "./qemu-binary.ts";

const PROBE_MS = 12_000;

export interface AccelChoice {
  readonly accel: Accel;
  /** One clause for the log: why not KVM. */
  readonly reason: string;
}

export interface AccelOptions {
  readonly wanted: "auto" | Accel;
  readonly cacheDir: string;
  readonly qemu: QemuBinary;
  readonly machine: Omit<MachineOptions, "accel">;
  readonly imageId: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

const rememberedSchema = z.object({ key: z.string(), works: z.boolean(), reason: z.string() });

/** @throws RigFault `kvm-unusable` when KVM was asked for by name and does not work. */
export async function chooseAccel(options: AccelOptions): Promise<AccelChoice> {
  if (options.wanted === "tcg") return { accel: "tcg", reason: "asked for" };
  const { works, reason } = await kvmAnswer(options);
  if (works) return { accel: "kvm", reason };
  if (options.wanted === "kvm") {
    throw new RigFault("kvm-unusable", `KVM was asked for and does not work here: ${reason}; use accel auto or tcg`);
  }
  return { accel: "tcg", reason };
}

async function kvmAnswer(options: AccelOptions): Promise<{ works: boolean; reason: string }> {
  const openable = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? "no /dev/kvm" : "/dev/kvm may not be opened"),
  );
  if (openable !== undefined) return { works: false, reason: openable };
  const path = join(options.cacheDir, "images", options.imageId, "kvm-probe.json");
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
  const key = [options.qemu.version, options.imageId, bootId].join(" ");
  const known = await remembered(path, key);
  if (known) return known;
  options.onProgress({ phase: "probe", message: "probing KVM by a real boot" });
  const answer = await probeKvm(options);
  if (!options.signal?.aborted) await writeFile(path, JSON.stringify({ key, ...answer })).catch(() => undefined);
  return answer;
}

async function remembered(path: string, key: string): Promise<{ works: boolean; reason: string } | undefined> {
  try {
    const record = rememberedSchema.parse(JSON.parse(await readFile(path, "utf8")));
    return record.key === key ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Boots the guest, without network and device, up to the line that it prints when it is ready. */
function probeKvm(options: AccelOptions): Promise<{ works: boolean; reason: string }> {
  const args = [
    ...baseArgs({ ...options.machine, accel: "kvm" }),
    "-no-reboot",
    "-serial",
    "stdio",
    "-monitor",
    "none",
  ];
  const child = spawnQemu(options.qemu, args, ["ignore", "pipe", "pipe"]);
  return new Promise((resolve) => {
    let output = "";
    const finish = (works: boolean, reason: string): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      child.kill("SIGKILL");
      resolve({ works, reason });
    };
    const onAbort = (): void => finish(false, "interrupted");
    const timer = setTimeout(() => finish(false, `a guest did not boot within ${PROBE_MS / 1000} s`), PROBE_MS);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const take = (text: string): void => {
      output = (output + text).slice(-10_000);
      if (output.includes(READY_LINE)) finish(true, "a probe guest booted");
      const trouble = /KVM internal error.*|(?:Could not access|failed to initialize) (?:KVM|kvm).*/i.exec(output)?.[0];
      if (trouble !== undefined) finish(false, trouble.trim());
    };
    child.stdout?.setEncoding("utf8").on("data", take);
    child.stderr?.setEncoding("utf8").on("data", take);
    child.once("error", (error) => finish(false, error.message));
    child.once("close", () => finish(false, output.trim().split("\n").at(-1) || "QEMU ended"));
  });
}
