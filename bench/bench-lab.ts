/**
 * A virtual machine of the bench's own, with a folder of its own: the rig of that profile may be in use by somebody else.
 * The lab and the shell are those of `mhi-hil run`, driven without its keeper.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RigFault } from "../harness/base/errors.ts";
import { VirtualLab } from "../harness/lab/virtual-lab.ts";
import { SerialConsole } from "../harness/rig/console/serial-console.ts";
import { loadModule } from "../harness/rig/host/modules.ts";
import { SshShell } from "../harness/rig/shell/ssh-shell.ts";
import { cacheDir } from "../harness/runner/paths.ts";

const BOOT_MS = 90_000;
/** Printed by the guest when its SSH server listens (harness/lab/guest-files.ts). */
const READY = /mhi-hil guest ready/;

export interface BootTimes {
  /** From QEMU's start to the guest's own line on the console. */
  readonly readyS: number;
  /** From QEMU's start to a login over SSH. */
  readonly loginS: number;
}

export class BenchLab {
  readonly lab: VirtualLab;
  readonly #dir: string;
  #console: SerialConsole | undefined;
  #shell: SshShell | undefined;

  private constructor(lab: VirtualLab, dir: string) {
    this.lab = lab;
    this.#dir = dir;
  }

  /** Runs `work` with a machine that is off; whatever happens, Ctrl-C too, nothing of it is left. */
  static async with<T>(work: (bench: BenchLab) => Promise<T>, profile = "sdx55"): Promise<T> {
    const dir = await mkdtemp(join(tmpdir(), "mhi-hil-bench-"));
    let opened: ((path: string) => Promise<void>) | undefined;
    const lab = await VirtualLab.open({
      stateDir: dir,
      cacheDir: cacheDir(),
      profile,
      beside: [],
      slotPower: "kept",
      faults: [],
      accel: "auto",
      memoryMb: 512,
      cpus: 2,
      onConsole: async (path) => opened?.(path),
      onProgress: ({ message }) => void process.stderr.write(`bench: ${message}\n`),
    });
    const bench = new BenchLab(lab, dir);
    opened = (path) => bench.#openConsole(path);
    const interrupted = () => void bench.close().finally(() => process.exit(130));
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    try {
      return await work(bench);
    } finally {
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      await bench.close();
    }
  }

  /** @throws RigFault `host-not-up` before `boot`. */
  get shell(): SshShell {
    if (!this.#shell) throw new RigFault("host-not-up", "the bench's guest was not booted");
    return this.#shell;
  }

  /** Cold, from the bottom. */
  async boot(): Promise<BootTimes> {
    await this.off();
    const startedNs = process.hrtime.bigint();
    const since = (ns: bigint): number => Number(ns - startedNs) / 1e9;
    await this.lab.powerOn();
    const login = this.#login().then(() => since(process.hrtime.bigint()));
    const [readyS, loginS] = await Promise.all([this.#ready(since), login]);
    return { readyS, loginS };
  }

  /** The controller driver is not loaded: events exist, nothing happens yet. */
  async loadMhi(): Promise<void> {
    await loadModule(this.shell, "mhi");
  }

  async off(): Promise<void> {
    await this.#shell?.close();
    this.#shell = undefined;
    await this.lab.powerOff();
  }

  async close(): Promise<void> {
    await this.#shell?.close();
    await this.lab.close();
    await this.#console?.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #openConsole(path: string): Promise<void> {
    await this.#console?.close();
    this.#console = await SerialConsole.open({ path, baudRate: 115_200 });
  }

  #ready(since: (ns: bigint) => number): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new RigFault("boot", `no "${READY.source}" in ${BOOT_MS} ms`)), BOOT_MS);
      const line = ({ text, controllerNs }: { readonly text: string; readonly controllerNs: number }): void => {
        if (!READY.test(text)) return;
        clearTimeout(timer);
        resolve(since(BigInt(controllerNs)));
      };
      this.#console?.onLine(line);
      for (const early of this.#console?.lines ?? []) line(early);
    });
  }

  async #login(): Promise<void> {
    const { host, port, user, privateKeyPath, hostPublicKey } = this.lab.ssh;
    this.#shell = await SshShell.connect({
      host,
      port,
      user,
      auth: { by: "keyFile", file: privateKeyPath },
      hostKey: { by: "publicKey", key: hostPublicKey },
      connectTimeoutMs: BOOT_MS,
    });
  }
}
