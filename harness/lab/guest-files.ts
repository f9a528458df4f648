/** The texts of the guest's root: init, what it keeps running, and who may log in. */

/** Printed on the console when SSH answers. */
export const READY_LINE = "mhi-hil guest ready";

/** QEMU's user network gives these; a static address saves the DHCP exchange. */
const GUEST_ADDRESS = "10.0.2.15";
const GATEWAY = "10.0.2.2";

/**
 * Runs once, as process 1, then becomes busybox's init. It loads what the guest itself needs and no MHI module: the
 * harness does that after it has armed the trace.
 */
export const initScript = (modules: { network: readonly string[]; later: readonly string[] }): string => `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs run /run
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
for module in ${modules.network.join(" ")}; do insmod $module; done
ip link set lo up
ip addr add ${GUEST_ADDRESS}/24 dev eth0
ip link set eth0 up
ip route add default via ${GATEWAY}
echo enabled > /sys/class/tty/ttyS0/power/wakeup
(for module in ${modules.later.join(" ")}; do insmod $module; done) &
exec /sbin/init
`;

/** dropbear: no forking into the background (init watches it), no passwords, log on standard error. */
export const INITTAB = `::respawn:/usr/sbin/dropbear -F -E -s -r /etc/dropbear/host_key
::once:/etc/say-ready
ttyS0::respawn:-/bin/sh
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
`;

/** Port 22 (0x16) in state LISTEN (0A). */
export const SAY_READY = `#!/bin/sh
while ! grep -q ':0016 .* 0A ' /proc/net/tcp /proc/net/tcp6; do usleep 20000; done
echo '${READY_LINE}' > /dev/ttyS0
`;

/**
 * Run by the rig controller's suspend after each wake (harness/rig/host/suspend-script.ts). QEMU resets the ICH9's LPC
 * bridge on the way out of S3 and the firmware's resume path does not set it up again: without PMBASE (0x600) and
 * ACPI_EN the next S3 returns at once, and ACPI hot-plug is deaf. Intel ICH9 datasheet, D31:F0 0x40 and 0x44.
 */
export const AFTER_RESUME = `#!/bin/sh
printf '\\001\\006\\000\\000\\200' | dd of=/sys/bus/pci/devices/0000:00:1f.0/config bs=1 seek=64 conv=notrunc 2>/dev/null
`;

export const PASSWD = "root:x:0:0:root:/root:/bin/sh\n";
export const GROUP = "root:x:0:\n";
/** No password matches; keys only. */
export const SHADOW = "root:*:19000:0:99999:7:::\n";
export const SHELLS = "/bin/sh\n";
export const PROFILE = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin PS1='guest# '\n";
