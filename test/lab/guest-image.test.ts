import { describe, expect, it } from "vitest";
import { packageNames } from "../../harness/lab/assets.ts";
import { initScript } from "../../harness/lab/guest-files.ts";
import { closeOverModules, moduleName, parseModulesDep } from "../../harness/lab/guest-modules.ts";
import { bzImageRelease } from "../../harness/lab/named-kernel.ts";
import { checkQemu, parseQemuVersion } from "../../harness/lab/qemu-binary.ts";

const DEP = `kernel/drivers/bus/mhi/host/mhi.ko.xz:
kernel/net/qrtr/qrtr.ko.xz:
kernel/net/qrtr/qrtr-mhi.ko.xz: kernel/net/qrtr/qrtr.ko.xz kernel/drivers/bus/mhi/host/mhi.ko.xz
kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/net/net_failover.ko.xz kernel/net/core/failover.ko.xz
`;

describe("the guest's modules", () => {
  it("come with all that they need, needed ones first, each once", () => {
    const dep = parseModulesDep(DEP);
    expect(closeOverModules(["mhi", "qrtr_mhi", "virtio_net"], dep, new Set()).map(moduleName)).toEqual([
      "mhi",
      "qrtr",
      "qrtr_mhi",
      "failover",
      "net_failover",
      "virtio_net",
    ]);
  });

  it("may be built in, and are named when the kernel has them not at all", () => {
    const dep = parseModulesDep(DEP);
    expect(closeOverModules(["virtio_pci"], dep, new Set(["virtio_pci"]))).toEqual([]);
    expect(() => closeOverModules(["mhi", "mhi_net", "wwan"], dep, new Set())).toThrow(
      "the kernel has no module mhi_net, wwan",
    );
  });

  it("are not loaded by init when they are MHI's: the trace is armed first", () => {
    const script = initScript({ network: ["/lib/modules/v/virtio_net.ko"], later: ["/lib/modules/v/pvpanic.ko"] });
    expect(script).toContain("virtio_net.ko");
    expect(script).not.toMatch(/mhi_pci|modprobe|mhi\.ko/);
  });
});

describe("a kernel named by the user", () => {
  it("tells its release in the image's header", () => {
    const image = Buffer.alloc(0x1000);
    image.write("HdrS", 0x202, "latin1");
    image.writeUInt16LE(0x300, 0x20e);
    image.write("6.12.117+deb13-amd64 (debian@example) #1 SMP\0", 0x500, "latin1");
    expect(bzImageRelease(image)).toBe("6.12.117+deb13-amd64");
  });

  it.each([
    ["empty", Buffer.alloc(0)],
    ["not a kernel", Buffer.alloc(0x1000, 0x41)],
    ["cut off", Buffer.alloc(0x206, 0)],
  ])("is refused when it is %s", (_, image) => {
    expect(bzImageRelease(image)).toBeUndefined();
  });

  it("is not fetched, and neither is a QEMU named by the user", () => {
    expect(packageNames({})).toEqual(expect.arrayContaining(["busybox-static", "qemu-system-x86"]));
    expect(packageNames({ MHI_HIL_QEMU: "/q" })).not.toContain("qemu-system-x86");
  });
});

describe("a QEMU named by the user", () => {
  it("must have the vfio-user client", () => {
    expect(parseQemuVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)\n")).toBe("7.2.22");
    expect(() => checkQemu("/usr/bin/qemu", "7.2.22", 'name "vfio-pci", bus PCI\n')).toThrow(
      /QEMU 7.2.22 and has no device vfio-user-pci/,
    );
    expect(() => checkQemu("/usr/bin/qemu", "11.1.3", 'name "vfio-user-pci", bus PCI\n')).not.toThrow();
  });
});
