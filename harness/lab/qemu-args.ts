/** QEMU's command line for the lab's machine. */
import { kernelAtLeast } from "../base/kernel-version.ts";

export type Accel = "kvm" | "tcg";

export interface MachineOptions {
  readonly accel: Accel;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly kernelPath: string;
  /** `6.12.117+deb13-amd64` */
  readonly release: string;
  readonly initrdPath: string;
}

/** Ids of an emulated device and of the root port that it sits on: the DUT is the first. */
const deviceId = (index: number): string => `dut${index}`;
const rootPortId = (index: number): string => `rp${index}`;
export const DUT_ID = deviceId(0);
export const CONSOLE_ID = "con0";

/**
 * - panic=-1: a panic resets at once; the machine turns a guest's reset into an end, after the oops is on the console
 * - mitigations, tsc: nothing to protect, and the calibration of a clock that is exact costs 0.3 s
 * - no `quiet`: the console is evidence
 *
 * The bzImage is booted as it is. Its unpacked ELF (PVH entry) starts 1 s sooner under emulation, but such a guest resets
 * instead of waking from S3 (seen with QEMU 11.1 and 6.12).
 */
const KERNEL_ARGS = "console=ttyS0,115200 rdinit=/init panic=-1 mitigations=off tsc=reliable nokaslr lsm=capability";

/**
 * From S3 the 7.2 kernel comes back, in three runs of five, with the first CPU's time stamp counter 0.2 to 0.5 s behind, and
 * the order of events between CPUs is lost. With the HPET as clock source it was not seen in eight; 6.12 never showed it.
 */
const CLOCK_ARGS = " clocksource=hpet";
const kernelArgs = ({ release }: MachineOptions): string =>
  kernelAtLeast(release, "7.0") ? KERNEL_ARGS + CLOCK_ARGS : KERNEL_ARGS;

const ACCEL_ARGS: Readonly<Record<Accel, readonly string[]>> = {
  kvm: ["-accel", "kvm", "-cpu", "host"],
  tcg: ["-accel", "tcg,thread=multi", "-cpu", "max"],
};

/** Machine, processor and kernel: what both the lab and the KVM probe boot. */
export const baseArgs = (options: MachineOptions): string[] => [
  "-nodefaults",
  "-no-user-config",
  "-display",
  "none",
  "-M",
  "q35",
  ...ACCEL_ARGS[options.accel],
  "-m",
  String(options.memoryMb),
  "-smp",
  String(options.cpus),
  "-global",
  "ICH9-LPC.disable_s3=0",
  "-rtc",
  "base=utc",
  "-kernel",
  options.kernelPath,
  "-initrd",
  options.initrdPath,
  "-append",
  kernelArgs(options),
];

export interface LabMachineOptions extends MachineOptions {
  readonly sshPort: number;
  /** Of the emulated devices, the DUT's first. */
  readonly deviceSockets: readonly string[];
  /** QEMU's own copy of what the guest writes to its console. */
  readonly consoleLog: string;
}

export const emulatedDevice = (socket: string, index = 0): Record<string, unknown> => ({
  driver: "vfio-user-pci",
  id: deviceId(index),
  bus: rootPortId(index),
  socket: { type: "unix", path: socket },
});

/**
 * Starts stopped (-S), so that the console can be opened before the first byte. QMP is on stdin and stdout: no socket that
 * a killed lab could leave behind. The guest's reset becomes a shutdown and a shutdown a pause, so that the lab sees the
 * reason and the console is drained before QEMU closes the pty.
 */
export const labArgs = (options: LabMachineOptions): string[] => [
  ...baseArgs(options),
  "-S",
  "-action",
  "reboot=shutdown,shutdown=pause,panic=none",
  "-chardev",
  "stdio,id=qmp,signal=off",
  "-mon",
  "chardev=qmp,mode=control",
  "-chardev",
  `pty,id=${CONSOLE_ID},logfile=${options.consoleLog.replaceAll(",", ",,")},logappend=on`,
  "-serial",
  `chardev:${CONSOLE_ID}`,
  "-netdev",
  `user,id=net0,hostfwd=tcp:127.0.0.1:${options.sshPort}-:22`,
  "-device",
  "virtio-net-pci,netdev=net0,romfile=",
  "-device",
  "pvpanic-pci",
  ...options.deviceSockets.flatMap((socket, index) => [
    "-device",
    `pcie-root-port,id=${rootPortId(index)},bus=pcie.0,chassis=${index + 1},slot=${index + 1}`,
    "-device",
    JSON.stringify(emulatedDevice(socket, index)),
  ]),
];
