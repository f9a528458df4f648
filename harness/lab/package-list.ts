/** Which Debian packages make the lab, which of their dependencies are left out, and which files are not unpacked. */

/** Release that the guest's programs come from. */
export const SUITE = "trixie";
/** Its QEMU is 10.0; the vfio-user client is in QEMU from 10.1 on, so QEMU comes from here. */
export const BACKPORTS_SUITE = "trixie-backports";

export const GUEST_PACKAGES = ["busybox-static", "dropbear-bin", "kmod", "xz-utils"] as const;
/** Trixie's: the first Debian release whose kernel has the `mhi_host` trace events. */
export const DEFAULT_KERNEL = "6.12";
export const QEMU_PACKAGE = "qemu-system-x86";

/** Source packages taken from backports. */
export const BACKPORTED_SOURCES = ["qemu", "seabios"] as const;

/**
 * Dependencies that only maintainer scripts use, or that serve a part of QEMU that the lab does not. They are declared
 * as installed, so that apt neither resolves nor fetches them (systemd, initramfs-tools and the like: 15 MB).
 */
export const NOT_NEEDED = [
  "adduser",
  "base-passwd",
  "coreutils",
  "debconf",
  "debconf-2.0",
  "initramfs-tools",
  "ipxe-qemu",
  "linux-base",
  "mount",
  "openssl-provider-legacy",
  "passwd",
  "systemd",
  "udev",
] as const;

/** The same beside a kernel: its programs are in the lab's own set. */
export const KERNEL_NOT_NEEDED = ["kmod", "linux-initramfs-tool"] as const;

/** tar patterns of files that nothing here reads. */
export const NOT_UNPACKED = [
  "./usr/share/doc*",
  "./usr/share/man",
  "./usr/share/info",
  "./usr/share/locale",
  "./usr/share/lintian",
  "./usr/share/bug",
  "./usr/share/gdb",
  "./usr/share/i18n",
  "./usr/share/alsa",
  "./usr/share/qemu/keymaps",
  "./usr/share/qemu/trace-events*",
  "./usr/bin/qemu-system-i386",
  "./usr/bin/qemu-system-x86_64-microvm",
  "./usr/bin/qemu-pr-helper",
  "./usr/bin/qemu-vmsr-helper",
  "./usr/share/qemu/edk2*",
  "./usr/share/qemu/firmware",
  "./usr/share/qemu/*ppc*",
  "./usr/share/qemu/skiboot*",
  "./usr/share/qemu/slof*",
  "./usr/share/qemu/openbios*",
  "./usr/share/qemu/opensbi*",
  "./usr/share/qemu/hppa*",
  "./usr/share/qemu/s390*",
  "./usr/share/qemu/u-boot*",
  "./usr/lib/x86_64-linux-gnu/gconv",
  "./usr/lib/x86_64-linux-gnu/perl*",
  "./usr/lib/x86_64-linux-gnu/systemd",
  "./boot/System.map*",
  ...[
    "arch/x86/kvm",
    "drivers/ata",
    "drivers/comedi",
    "drivers/gpu/[!d]*",
    "drivers/gpu/drm/*/*",
    "drivers/hid",
    "drivers/hwmon",
    "drivers/iio",
    "drivers/infiniband",
    "drivers/input/touchscreen",
    "drivers/isdn",
    "drivers/md",
    "drivers/media",
    "drivers/mtd",
    "drivers/net/ethernet/[!i]*",
    "drivers/net/wireless/[!a]*",
    "drivers/nvme",
    "drivers/platform",
    "drivers/power",
    "drivers/scsi",
    "drivers/staging",
    "drivers/target",
    "drivers/usb",
    "drivers/video",
    "fs",
    "net/netfilter",
    "sound",
  ].flatMap((part) => [`./lib/modules/*/kernel/${part}`, `./usr/lib/modules/*/kernel/${part}`]),
] as const;
