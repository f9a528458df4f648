import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { parseKmsg } from "../../harness/rig/host/dmesg.ts";
import { listMhi, waitMhiGone, waitMissionMode } from "../../harness/rig/host/mhi-bus.ts";
import { loadModule, moduleAvailable } from "../../harness/rig/host/modules.ts";
import * as pci from "../../harness/rig/host/pci.ts";
import { readRuntimePm, waitRuntimeStatus } from "../../harness/rig/host/runtime-pm.ts";
import { sleepModes, suspendHost } from "../../harness/rig/host/suspend.ts";
import { errnoOf, pollOnHost } from "../../harness/rig/host/sysfs.ts";
import { exchangeThroughPort } from "../../harness/rig/host/wwan-port.ts";
import { preflight } from "../../harness/rig/preflight.ts";
import { hostShells, TreeShell } from "./support/tree-shell.ts";

const A = "0000:01:00.0";
const DEVICE = `/sys/devices/pci0000:00/0000:00:02.0/${A}`;

function addDevice(shell: TreeShell, address: string, ids = ["0x17cb", "0x0306"]): void {
  const dir = `/sys/devices/pci0000:00/0000:00:02.0/${address}`;
  const [vendor, device] = ids;
  const files = { vendor, device, subsystem_vendor: "0x17cb", subsystem_device: "0x0306", class: "0xff0000" };
  for (const [name, value] of Object.entries(files)) shell.file(`${dir}/${name}`, `${value}\n`);
  shell.link(`/sys/bus/pci/devices/${address}`, dir);
}

function addMhi(shell: TreeShell): void {
  for (const name of ["mhi0", "mhi0/mhi0_DIAG", "mhi0/mhi0_IP_HW0"]) {
    shell.file(`${DEVICE}/${name}/uevent`);
    shell.link(`/sys/bus/mhi/devices/${name.split("/").at(-1)}`, `${DEVICE}/${name}`);
  }
  shell.file("/sys/bus/mhi/drivers/mhi_wwan_ctrl/uevent");
  shell.link(`${DEVICE}/mhi0/mhi0_DIAG/driver`, "/sys/bus/mhi/drivers/mhi_wwan_ctrl");
}

describe.each(hostShells.map((argv) => [argv[0], argv] as const))("on a host with %s", (_name, argv) => {
  let shell: TreeShell;
  beforeEach(() => {
    shell = new TreeShell(argv);
  });
  afterEach(() => shell.close());

  test("the DUT is found by its ids or its address, and several are a fault", async () => {
    expect(await pci.findPci(shell, { vendor: 0x17cb, device: 0x0306 })).toBeUndefined();
    addDevice(shell, A);
    addDevice(shell, "0000:00:1f.0", ["0x8086", "0x2918"]);
    expect(await pci.findPci(shell, pci.selectorOf({ id: "17cb:0306" }))).toEqual({
      address: A,
      vendor: 0x17cb,
      device: 0x0306,
      subVendor: 0x17cb,
      subDevice: 0x0306,
      classCode: 0xff0000,
    });
    expect(await pci.findPci(shell, pci.selectorOf({ address: "01:00.0" }))).toMatchObject({ address: A });
    addDevice(shell, "0000:02:00.0");
    await expect(pci.findPci(shell, { vendor: 0x17cb })).rejects.toMatchObject({ code: "dut-ambiguous" });
  });

  test("bind and unbind write the address to the driver; a refusal carries the kernel's word", async () => {
    addDevice(shell, A);
    shell.file("/sys/bus/pci/drivers/mhi-pci-generic/bind");
    shell.file("/sys/bus/pci/drivers/mhi-pci-generic/unbind");
    await pci.unbindDriver(shell, A);
    expect(readFileSync(join(shell.root, "sys/bus/pci/drivers/mhi-pci-generic/unbind"), "utf8")).toBe("");
    await pci.bindDriver(shell, A, "mhi-pci-generic");
    expect(readFileSync(join(shell.root, "sys/bus/pci/drivers/mhi-pci-generic/bind"), "utf8")).toBe(A);
    shell.link(`${DEVICE}/driver`, "/sys/bus/pci/drivers/mhi-pci-generic");
    await pci.unbindDriver(shell, A);
    expect(readFileSync(join(shell.root, "sys/bus/pci/drivers/mhi-pci-generic/unbind"), "utf8")).toBe(A);
    await expect(pci.bindDriver(shell, A, "none")).rejects.toMatchObject({
      code: "host-write",
      values: { errno: "No such file or directory" },
      message: expect.stringContaining(
        `cannot bind ${A} to none: writing "${A}" to /sys/bus/pci/drivers/none/bind failed`,
      ),
    });
    await expect(pci.bindDriver(shell, A, "../x; reboot")).rejects.toMatchObject({ kind: "usage" });
    await expect(pci.removePci(shell, "$(reboot)")).rejects.toMatchObject({
      kind: "usage",
    });
  });

  test("waiting for a condition ends with it, or at the deadline", async () => {
    expect(await pollOnHost(shell, "echo 'two words'", 3000)).toBe("two words");
    const started = performance.now();
    await expect(pci.waitPresent(shell, A, true, 1000)).rejects.toThrow(
      `${A} did not appear on the PCI bus after 1000 ms`,
    );
    expect(performance.now() - started).toBeLessThan(4000);
    setTimeout(() => addDevice(shell, A), 300);
    await pci.waitPresent(shell, A, true, 5000);
    await expect(pci.waitPresent(shell, A, false, 1000)).rejects.toMatchObject({ code: "pci-wait" });
  });

  test("runtime PM is read and waited for", async () => {
    addDevice(shell, A);
    const power = {
      runtime_status: "active",
      control: "on",
      runtime_suspended_time: "12",
      autosuspend_delay_ms: "2000",
    };
    for (const [name, value] of Object.entries(power)) shell.file(`${DEVICE}/power/${name}`, `${value}\n`);
    expect(await readRuntimePm(shell, A)).toEqual({
      status: "active",
      control: "on",
      suspendedMs: 12,
      autosuspendMs: 2000,
    });
    await expect(waitRuntimeStatus(shell, A, "suspended", 1000)).rejects.toThrow(
      `${A}: expected runtime status suspended within 1000 ms; found active; runtime suspend is forbidden (power/control is on)`,
    );
    await waitRuntimeStatus(shell, A, "active", 1000);
  });

  test("the MHI bus: controllers by PCI address, channels, mission mode", async () => {
    addDevice(shell, A);
    await waitMhiGone(shell, A, 1000);
    await expect(waitMissionMode(shell, A, 1000)).rejects.toThrow(
      /no mission mode within 1000 ms; found no MHI controller/,
    );
    addMhi(shell);
    const controller = {
      name: "mhi0",
      pciAddress: A,
      channels: [{ channel: "DIAG", driver: "mhi_wwan_ctrl" }, { channel: "IP_HW0" }],
    };
    expect(await listMhi(shell)).toEqual([controller]);
    expect(await waitMissionMode(shell, A, 1000, ["DIAG", "IP_HW0"])).toEqual(controller);
    await expect(waitMissionMode(shell, A, 1000, ["DIAG", "QMI"])).rejects.toThrow(
      /found mhi0 with channels: DIAG, IP_HW0/,
    );
    await expect(waitMhiGone(shell, A, 1000)).rejects.toMatchObject({ code: "mhi-gone-wait" });
  });

  test("suspend: alarm set, mode chosen, story told; nothing left behind", async () => {
    shell.file("/sys/power/state", "freeze mem disk\n");
    shell.file("/sys/power/mem_sleep", "s2idle [deep]\n");
    shell.file("/sys/class/rtc/rtc0/wakealarm");
    expect(await sleepModes(shell)).toEqual(["S3", "s2idle"]);
    const result = await suspendHost(shell, { mode: "S3", wakeAfterS: 3, timeoutMs: 5000 });
    expect(result).toMatchObject({ slept: true, reconnected: false, wokenFromOutside: false });
    expect(result.awayNs).toBeLessThan(1e9);
    const read = (path: string): string => readFileSync(join(shell.root, path), "utf8").trim();
    expect([read("sys/power/state"), read("sys/power/mem_sleep")]).toEqual(["mem", "deep"]);
    expect(readdirSync(join(shell.root, "tmp"))).toEqual([]);
  });

  test("suspend: what the host cannot do is said, and a refusal is a result", async () => {
    const deep = { mode: "S3", wakeAfterS: 1, timeoutMs: 4000 } as const;
    await expect(suspendHost(shell, deep)).rejects.toMatchObject({ code: "suspend-unsupported" });
    shell.file("/sys/power/state", "mem\n");
    await expect(suspendHost(shell, deep)).rejects.toThrow(/cannot do S3: .*mem_sleep does not offer deep/);
    shell.file("/sys/power/mem_sleep", "deep\n");
    await expect(suspendHost(shell, deep)).rejects.toThrow(/no RTC wake alarm/);
    await expect(suspendHost(shell, { ...deep, wakeAfterS: 0 })).rejects.toMatchObject({ kind: "usage" });
  });

  test("suspend: a host that does not come back is a fault by its deadline, after the outside wake-up was tried", async () => {
    shell.file("/sys/power/mem_sleep", "deep\n");
    shell.file("/sys/class/rtc/rtc0/wakealarm");
    // A write to a pipe that nobody reads blocks, as a host that sleeps does.
    execFileSync("mkfifo", [join(shell.root, "sys/power/state")]);
    let woken = 0;
    const options = { mode: "S3", wakeAfterS: 1, timeoutMs: 2000, wakeGraceMs: 200 } as const;
    const wake = async (): Promise<void> => void woken++;
    await expect(suspendHost(shell, { ...options, wake })).rejects.toMatchObject({
      kind: "rig",
      code: "host-did-not-wake",
    });
    expect(woken).toBe(1);
    const path = join(shell.root, "sys/power/state");
    const wakeForReal = async (): Promise<void> => void readFileSync(path);
    expect(await suspendHost(shell, { ...options, timeoutMs: 5000, wake: wakeForReal })).toMatchObject({
      slept: true,
      wokenFromOutside: true,
    });
  }, 20_000);

  test("a host that has nothing gets a sentence a check, and no exception", async () => {
    const checks = await preflight(shell, { family: sdx55, dut: { vendor: 0x17cb, device: 0x0306 } });
    expect(checks).toHaveLength(9);
    const dut = checks.find((check) => check.name === "dut");
    expect(dut).toEqual({
      name: "dut",
      result: "miss",
      sentence: expect.stringContaining("no DUT on the PCI bus; expected 17cb:0306"),
    });
    expect(checks.filter((check) => check.result !== "ok").every((check) => check.sentence.length > 10)).toBe(true);
  });

  test("a port that is not there, a channel that has none", async () => {
    await expect(exchangeThroughPort(shell, "IPCR", Buffer.from("x"), 1000)).rejects.toMatchObject({ kind: "usage" });
    if (existsSync("/dev/wwan0qcdm0")) return;
    await expect(exchangeThroughPort(shell, "DIAG", Buffer.from("x"), 1000)).rejects.toMatchObject({
      code: "host-write",
    });
  });

  test("module names are checked before they reach a shell", async () => {
    await expect(loadModule(shell, "x; reboot")).rejects.toMatchObject({ kind: "usage", code: "module-name" });
    expect(await moduleAvailable(shell, "no_such_module_here")).toBe(false);
    await expect(loadModule(shell, "no_such_module_here")).rejects.toMatchObject({ code: "module-load" });
  });
});

test.each<[string, string | undefined]>([
  [
    "dd: error writing '/sys/bus/pci/drivers/x/bind': No such device\n0+1 records in\n0+0 records out\n",
    "No such device",
  ],
  ["dd: failed to open '/sys/x': Permission denied\n", "Permission denied"],
  ["sh: can't open /dev/wwan0at0: Connection timed out\n", "Connection timed out"],
  ["/bin/sh: 3: cannot open /dev/wwan0at0: Device or resource busy", "Device or resource busy"],
  ["0+1 records in\n", undefined],
])("errno of %j", (stderr, errno) => {
  expect(errnoOf(stderr)).toBe(errno);
});

test("a record of /dev/kmsg", () => {
  expect(parseKmsg("4,511,5140900,-;mhi mhi0: bad \\x1b[2J; worse")).toEqual({
    seq: 511,
    tNs: 5_140_900_000,
    level: 4,
    text: "mhi mhi0: bad \\x1b[2J; worse",
  });
  expect(parseKmsg("30,1,2,-,caller=T1;user space")).toMatchObject({ level: 6, text: "user space" });
  expect(parseKmsg(" SUBSYSTEM=pci")).toBeUndefined();
  expect(parseKmsg("")).toBeUndefined();
});
