/** What a rig is made of, alike for silicon and for the virtual machine: power, slot, faults, console, SSH access. */
import { systemClock } from "../base/clock.ts";
import { RigFault, UsageError } from "../base/errors.ts";
import { parseFaultText } from "../endpoint/faults/index.ts";
import type { UserDrivers } from "../lab/build/user-modules.ts";
import { VirtualLab } from "../lab/virtual-lab.ts";
import type { RigFile, SshRigFile, VirtualRigFile } from "../rig/inventory/schema.ts";
import { CommandPower } from "../rig/power/command.ts";
import type { FaultInjector, PowerDriver, PowerState, SlotDriver } from "../rig/power/power.ts";
import type { DeviceAsk, ExitNote, SshAccess } from "./keeper-protocol.ts";
import { cacheDir, rigStateDir } from "./paths.ts";

export interface RigHardware {
  readonly ssh: SshAccess;
  readonly versions: Readonly<Record<string, string>>;
  readonly accel?: string;
  readonly deviceLogPath?: string;
  readonly consoleBaud: number;
  /** Switch it on as soon as it is open: nobody else uses it. */
  readonly prewarm: boolean;
  readonly faults: FaultInjector;
  readonly slot?: SlotDriver;
  power(): Promise<PowerState>;
  setPower(state: "on" | "off"): Promise<void>;
  reset(): Promise<void>;
  wakeup(): Promise<void>;
  setSlotPower(value: "kept" | "lost"): Promise<void>;
  /** Lets the device raise SYS_ERR now. @throws RigFault when it is in no state to. */
  raiseSysErr(): Promise<void>;
  /** @throws RigFault `device-not-asked`: it is in no state to ask for that. */
  deviceAsks(what: DeviceAsk): Promise<void>;
  close(): Promise<void>;
}

export interface HardwareOptions {
  readonly rig: RigFile;
  readonly faults: readonly string[];
  /** Debian's kernel for a virtual rig, `6.1`, instead of the rig file's. */
  readonly kernel?: string;
  /** The user's own drivers in place of the kernel's: virtual rigs only. */
  readonly drivers?: UserDrivers;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string, bytesDone?: number, bytesTotal?: number) => void;
  /** Called with the console's path before the host says its first word. */
  readonly onConsole: (path: string) => Promise<void>;
  readonly onExit: (note: ExitNote) => void;
}

export const openRigHardware = (options: HardwareOptions): Promise<RigHardware> =>
  options.rig.kind === "virtual" ? openVirtual(options.rig, options) : openReal(options.rig, options);

async function openVirtual(rig: VirtualRigFile, options: HardwareOptions): Promise<RigHardware> {
  const kernel = options.kernel ?? rig.kernel;
  const lab = await VirtualLab.open({
    stateDir: rigStateDir(rig.id),
    cacheDir: cacheDir(),
    profile: rig.profile,
    beside: rig.beside,
    clientModule: rig.clientModule,
    ...(rig.powerOnEe !== undefined && { powerOnEe: rig.powerOnEe }),
    slotPower: rig.slotPower,
    faults: [...rig.faults, ...options.faults],
    accel: rig.accel,
    memoryMb: rig.memoryMb,
    cpus: rig.cpus,
    signal: options.signal,
    onConsole: options.onConsole,
    onProgress: ({ message, bytesDone, bytesTotal }) => options.onProgress(message, bytesDone, bytesTotal),
    ...(kernel !== undefined && { kernel }),
    ...(options.drivers && { drivers: options.drivers }),
    ...(rig.sshPort !== undefined && { sshPort: rig.sshPort }),
  });
  lab.onExit(({ why, code, expected }) => {
    if (!expected) options.onExit({ why, code, controllerNs: systemClock.monotonicNs() });
  });
  return {
    ssh: lab.ssh,
    versions: lab.versions,
    accel: lab.accel,
    deviceLogPath: lab.deviceLogPath,
    consoleBaud: 115_200,
    prewarm: true,
    faults: {
      set: (text, on, options = {}) => {
        const { name, options: inText } = parseFaultText(text);
        return lab.faults.set(name, on, { ...inText, ...options });
      },
      list: async () => (await lab.faults.list()).map((name) => ({ name })),
    },
    slot: { name: "qemu", unplug: () => lab.unplug(), plug: () => lab.plug() },
    power: async () => lab.power(),
    setPower: (state) => (state === "on" ? lab.powerOn() : lab.powerOff()),
    reset: () => lab.reset(),
    wakeup: () => lab.systemWakeup(),
    setSlotPower: (value) => lab.setSlotPower(value),
    // By the BHI interrupt alone: with one shared vector, an event as well makes the driver handle it twice (docs/findings.md).
    raiseSysErr: async () => {
      const { signalled, why } = await lab.endpoint.raiseSysErr("interrupt");
      if (!signalled)
        throw new RigFault("sys-err-not-raised", `the device did not raise SYS_ERR: ${why ?? "no reason given"}`);
    },
    deviceAsks: async (what) => {
      const { endpoint } = lab;
      const { signalled, why } = await (what === "wake" ? endpoint.requestWake() : endpoint.requestLowPower());
      if (!signalled)
        throw new RigFault("device-not-asked", `the device did not ask for ${what}: ${why ?? "no reason given"}`);
    },
    close: () => lab.close(),
  };
}

async function openReal(rig: SshRigFile, options: HardwareOptions): Promise<RigHardware> {
  if (options.faults.length > 0) {
    throw new UsageError("no-fault-injector", `rig ${rig.id} is a real one: --fault needs a virtual rig`);
  }
  if (options.kernel !== undefined) {
    throw new UsageError("no-kernel-choice", `rig ${rig.id} is a real one: --kernel needs a virtual rig`);
  }
  if (options.drivers) {
    throw new UsageError("no-driver-choice", `rig ${rig.id} is a real one: install the driver on its host yourself`);
  }
  const power: PowerDriver | undefined = rig.power && new CommandPower(rig.power);
  const cannot = (what: string) => async (): Promise<never> => {
    throw new RigFault("not-on-this-rig", `rig ${rig.id} cannot ${what}: its rig file names nothing that does it`);
  };
  if (rig.console) await options.onConsole(rig.console.path);
  return {
    ssh: { host: rig.host.address, port: rig.host.port, user: rig.host.user },
    versions: {},
    consoleBaud: rig.console?.baud ?? 115_200,
    prewarm: false,
    faults: { set: cannot("inject faults"), list: async () => [] },
    power: async () => (power ? await power.get() : "unknown"),
    setPower: (state) => (power ? power.set(state) : cannot("switch its power")()),
    reset: cannot("reset its host"),
    wakeup: cannot("wake its host"),
    raiseSysErr: cannot("let its device raise SYS_ERR"),
    deviceAsks: cannot("let its device ask for another power state"),
    setSlotPower: cannot("choose the slot's power in suspend"),
    close: async () => undefined,
  };
}
