/** The DUT on the host's PCI bus: found, bound, removed, rescanned, reset. */
import { RigFault, UsageError } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { pollOnHost, writeFile } from "./sysfs.ts";

const DEVICES = "/sys/bus/pci/devices";
const DRIVERS = "/sys/bus/pci/drivers";

export interface PciDevice {
  /** `0000:01:00.0` */
  readonly address: string;
  readonly vendor: number;
  readonly device: number;
  readonly subVendor: number;
  readonly subDevice: number;
  readonly classCode: number;
  /** Absent when no driver is bound. */
  readonly driver?: string;
}

/** By place or by name; with both, both must fit. */
export interface PciSelector {
  readonly address?: string | undefined;
  readonly vendor?: number | undefined;
  readonly device?: number | undefined;
}

/** A selector from a rig file's `dut`: address, or `vendor:device` in hex. */
export function selectorOf(dut: {
  readonly address?: string | undefined;
  readonly id?: string | undefined;
}): PciSelector {
  const [vendor, device] = (dut.id ?? "").split(":").map((word) => Number.parseInt(word, 16));
  return {
    ...(dut.address !== undefined && { address: fullAddress(dut.address) }),
    ...(dut.id !== undefined && { vendor, device }),
  };
}

function fullAddress(address: string): string {
  const full = /^[0-9a-f]{2}:/.test(address) ? `0000:${address}` : address;
  if (/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/.test(full)) return full;
  throw new UsageError("pci-address", `"${address}" is not a PCI address such as 0000:01:00.0`);
}

const LIST_SCRIPT = `for d in ${DEVICES}/*; do
  [ -e "$d/vendor" ] || continue
  read v <"$d/vendor"; read i <"$d/device"; read sv <"$d/subsystem_vendor"; read si <"$d/subsystem_device"; read c <"$d/class"
  drv=$(readlink "$d/driver")
  echo "\${d##*/} $v $i $sv $si $c \${drv##*/}"
done 2>/dev/null`;

export async function listPci(shell: Shell): Promise<PciDevice[]> {
  const text = await shell.run(LIST_SCRIPT);
  return text.split("\n").flatMap((line) => {
    const [address, vendor, device, subVendor, subDevice, classCode, driver] = line.trim().split(" ");
    if (!address || classCode === undefined) return [];
    const known = {
      address,
      vendor: Number(vendor),
      device: Number(device),
      subVendor: Number(subVendor),
      subDevice: Number(subDevice),
      classCode: Number(classCode),
    };
    return [driver ? { ...known, driver } : known];
  });
}

/**
 * The one device that fits.
 *
 * @returns undefined when there is none
 * @throws RigFault `dut-ambiguous` when several fit: the rig file should then give the address.
 */
export async function findPci(shell: Shell, selector: PciSelector): Promise<PciDevice | undefined> {
  const found = (await listPci(shell)).filter(
    (entry) =>
      (selector.address === undefined || entry.address === fullAddress(selector.address)) &&
      (selector.vendor === undefined || entry.vendor === selector.vendor) &&
      (selector.device === undefined || entry.device === selector.device),
  );
  if (found.length <= 1) return found[0];
  const places = found.map((entry) => entry.address).join(", ");
  throw new RigFault(
    "dut-ambiguous",
    `several devices on the host could be the DUT (${places}); give \`address\` in the rig file`,
  );
}

export async function isPresent(shell: Shell, address: string): Promise<boolean> {
  return (await shell.exec(`[ -e ${quote(`${DEVICES}/${fullAddress(address)}`)} ]`)).exitCode === 0;
}

/** Waits until the device is on the bus, or off it. @throws RigFault `pci-wait` */
export async function waitPresent(shell: Shell, address: string, present: boolean, timeoutMs: number): Promise<void> {
  const path = quote(`${DEVICES}/${fullAddress(address)}`);
  if ((await pollOnHost(shell, `[ ${present ? "" : "! "}-e ${path} ] && echo yes`, timeoutMs)) !== undefined) return;
  const sentence = `${address} ${present ? "did not appear on" : "is still on"} the PCI bus after ${timeoutMs} ms`;
  throw new RigFault("pci-wait", sentence, { values: { address, present, timeoutMs } });
}

export async function driverOf(shell: Shell, address: string): Promise<string | undefined> {
  const link = await shell.exec(`readlink ${quote(`${DEVICES}/${fullAddress(address)}/driver`)}`);
  return link.stdout.trim().split("/").at(-1) || undefined;
}

/**
 * Binds the device to a driver; already bound to it is fine.
 *
 * @throws RigFault `host-write` with the probe's errno in `values.errno`
 */
export async function bindDriver(shell: Shell, address: string, driver: string, timeoutMs = 60_000): Promise<void> {
  if ((await driverOf(shell, address)) === driver) return;
  await writeFile(shell, `${driverPath(driver)}/bind`, fullAddress(address), `bind ${address} to ${driver}`, timeoutMs);
}

/** Unbinds the device from whatever driver it has; none is fine. A hung remove is a `shell-timeout`. */
export async function unbindDriver(shell: Shell, address: string, timeoutMs = 60_000): Promise<void> {
  const driver = await driverOf(shell, address);
  if (driver === undefined) return;
  const path = `${driverPath(driver)}/unbind`;
  await writeFile(shell, path, fullAddress(address), `unbind ${address} from ${driver}`, timeoutMs);
}

function driverPath(driver: string): string {
  if (/^[\w -]{1,64}$/.test(driver)) return `${DRIVERS}/${driver}`;
  throw new UsageError("driver-name", `"${driver}" is not a PCI driver's name`);
}

/** Takes the device out of the kernel's tree, as a hot-unplug would; `rescanPci` brings it back. */
export const removePci = async (shell: Shell, address: string, timeoutMs = 60_000): Promise<void> =>
  writeFile(shell, `${DEVICES}/${fullAddress(address)}/remove`, "1", `remove ${address}`, timeoutMs);

export const rescanPci = async (shell: Shell, timeoutMs = 60_000): Promise<void> =>
  writeFile(shell, "/sys/bus/pci/rescan", "1", "rescan the PCI bus", timeoutMs);

/** Function reset through the driver's own callbacks (FLR where the device has it). */
export const resetPci = async (shell: Shell, address: string, timeoutMs = 60_000): Promise<void> =>
  writeFile(shell, `${DEVICES}/${fullAddress(address)}/reset`, "1", `reset ${address}`, timeoutMs);

export const setD3cold = async (shell: Shell, address: string, allowed: boolean): Promise<void> =>
  writeFile(
    shell,
    `${DEVICES}/${fullAddress(address)}/d3cold_allowed`,
    allowed ? "1" : "0",
    `set d3cold_allowed of ${address}`,
  );
