/** What mhi_host has put on its bus: /sys/bus/mhi. Channel devices are there exactly while mission mode is reached. */
import { RigFault } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { pollOnHost } from "./sysfs.ts";

export interface MhiChannelDevice {
  /** `IP_HW0` of `mhi0_IP_HW0`. The name comes from the driver's table, not from the device. */
  readonly channel: string;
  readonly driver?: string;
}

export interface MhiController {
  /** `mhi0`, as trace events and dmesg name it. */
  readonly name: string;
  /** Absent for a controller that is not on PCI. */
  readonly pciAddress?: string;
  readonly channels: readonly MhiChannelDevice[];
}

const LIST_SCRIPT = `for d in /sys/bus/mhi/devices/*; do
  [ -e "$d" ] || continue
  drv=$(readlink "$d/driver"); echo "\${d##*/} $(readlink -f "$d") \${drv##*/}"
done 2>/dev/null`;

export async function listMhi(shell: Shell): Promise<MhiController[]> {
  return parseMhiList(await shell.run(LIST_SCRIPT));
}

/** Lines `name path [driver]`; exported for the test. */
export function parseMhiList(text: string): MhiController[] {
  const rows = text.split("\n").flatMap((line) => {
    const [name, path, driver] = line.trim().split(" ");
    return name && path ? [{ name, path, driver }] : [];
  });
  const controllers = rows.filter(({ name }) => /^mhi\d+$/.test(name));
  return controllers.map(({ name, path }) => {
    const channels = rows
      .filter((row) => row.name.startsWith(`${name}_`))
      .map(({ name: device, driver }) => {
        const channel = device.slice(name.length + 1);
        return driver ? { channel, driver } : { channel };
      });
    const pciAddress = path.match(/[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]/g)?.at(-1);
    return pciAddress ? { name, pciAddress, channels } : { name, channels };
  });
}

export async function mhiControllerOf(shell: Shell, pciAddress: string): Promise<MhiController | undefined> {
  return (await listMhi(shell)).find((controller) => controller.pciAddress === pciAddress);
}

/**
 * Waits until the controller of that PCI device has channel devices: the driver handles mission mode. It makes them one
 * after the other: name in `channels` those that must be there.
 *
 * @throws RigFault `mission-mode-wait` with what is on the bus instead; whether the product is to blame for it is the
 * judge's business, not this one's.
 */
export async function waitMissionMode(
  shell: Shell,
  pciAddress: string,
  timeoutMs: number,
  channels: readonly string[] = [],
): Promise<MhiController> {
  // Channel devices are children of the controller, which is a child of the PCI device.
  const device = quote(`/sys/bus/pci/devices/${pciAddress}`);
  const wanted = channels.length > 0 ? channels.map(quote).join(" ") : "'*'";
  const script = `all=yes
for n in ${wanted}; do
  here=; for c in ${device}/mhi[0-9]*/mhi[0-9]*_$n; do [ -e "$c" ] && here=yes; done
  [ "$here" ] || all=
done; echo $all`;
  if (await pollOnHost(shell, script, timeoutMs)) {
    const controller = await mhiControllerOf(shell, pciAddress);
    if (controller && controller.channels.length > 0) return controller;
  }
  const there = await mhiControllerOf(shell, pciAddress);
  const names = there?.channels.map((entry) => entry.channel).join(", ") || "none";
  const found = there ? `${there.name} with channels: ${names}` : "no MHI controller of that device";
  throw new RigFault("mission-mode-wait", `${pciAddress}: no mission mode within ${timeoutMs} ms; found ${found}`, {
    values: { pciAddress, timeoutMs, found },
  });
}

/** Waits until the PCI device has no MHI controller any more. @throws RigFault `mhi-gone-wait` */
export async function waitMhiGone(shell: Shell, pciAddress: string, timeoutMs: number): Promise<void> {
  const device = quote(`/sys/bus/pci/devices/${pciAddress}`);
  const script = `for c in ${device}/mhi[0-9]*; do [ -e "$c" ] || echo gone; break; done`;
  if (await pollOnHost(shell, script, timeoutMs)) return;
  throw new RigFault("mhi-gone-wait", `${pciAddress}: its MHI controller is still there after ${timeoutMs} ms`, {
    values: { pciAddress, timeoutMs },
  });
}
