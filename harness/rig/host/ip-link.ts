/** The modem's IP data path: the network device that mhi_net makes of a channel pair, and traffic through it. */
import { RigFault, UsageError } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { errnoOf } from "./sysfs.ts";

/** Names that drivers/net/mhi_net.c gives, less their number, and a /30 of its own for each. */
const LINKS: Readonly<Record<string, { readonly device: string; readonly net: string }>> = {
  IP_HW0: { device: "mhi_hwip", net: "10.77.100" },
  IP_SW0: { device: "mhi_swip", net: "10.77.46" },
};
/** One packet a receive buffer of mhi_net (MHI_DEFAULT_MRU 3500). */
const MTU = 1500;

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Mean round trip; undefined where nothing came back. */
  readonly meanMs: number | undefined;
}

export interface EchoResult {
  /** Every byte came back, in order. */
  readonly intact: boolean;
  readonly receivedBytes: number;
  readonly seconds: number;
}

function linkOf(channel: string): { device: string; host: string; peer: string } {
  const link = LINKS[channel];
  if (link) return { device: link.device, host: `${link.net}.1`, peer: `${link.net}.2` };
  throw new UsageError(
    "ip-channel",
    `channel ${channel} has no network device; those that have: ${Object.keys(LINKS).join(", ")}`,
  );
}

/** Picks the device and gives it an address; `$d` is its name after. */
const upScript = ({ device, host }: { readonly device: string; readonly host: string }): string =>
  `for p in /sys/class/net/${device}[0-9]*; do break; done
[ -e "$p" ] || { echo "no network device ${device}*: No such device" >&2; exit 9; }
d=\${p##*/}
ip link set "$d" mtu ${MTU} up || exit 9
ip addr show dev "$d" | grep -q ${quote(`${host}/30`)} || ip addr add ${host}/30 dev "$d" || exit 9
`;

/** @throws RigFault `host-write` where there is no such device or it cannot be brought up. */
export async function pingThrough(
  shell: Shell,
  channel: string,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): Promise<PingResult> {
  const link = linkOf(channel);
  const script = `${upScript(link)}ping -c ${count} -s ${bytes} -i 0.1 -W 5 ${link.peer}`;
  const { stdout, stderr, exitCode } = await shell.exec(script, { timeoutMs: 20_000 + count * 6000 });
  const counted = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(stdout);
  if (!counted) throw cannot(channel, stderr, exitCode);
  const mean = /= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1];
  return {
    sent: Number(counted[1]),
    received: Number(counted[2]),
    meanMs: mean === undefined ? undefined : Number(mean),
  };
}

/** Sends `bytes` random bytes to the peer's echo service and compares what comes back. */
export async function tcpEchoThrough(
  shell: Shell,
  channel: string,
  bytes: number,
  timeoutMs: number,
): Promise<EchoResult> {
  const link = linkOf(channel);
  const seconds = Math.ceil(timeoutMs / 1000);
  const script = `${upScript(link)}t=$(mktemp -d) && cd "$t" || exit 9
head -c ${bytes} /dev/urandom > sent
s=$(cut -d' ' -f1 /proc/uptime)
timeout ${seconds} nc ${link.peer} 7 < sent > back
e=$(cut -d' ' -f1 /proc/uptime)
cmp -s sent back && same=yes || same=no
echo "$same $(wc -c < back) $s $e"
cd / && rm -r "$t"`;
  const { stdout, stderr, exitCode } = await shell.exec(script, { timeoutMs: timeoutMs + 20_000 });
  const [same, received, start, end] = stdout.trim().split(" ");
  if (same === undefined || end === undefined) throw cannot(channel, stderr, exitCode);
  return { intact: same === "yes", receivedBytes: Number(received), seconds: Number(end) - Number(start) };
}

function cannot(channel: string, stderr: string, exitCode: number): RigFault {
  const said = errnoOf(stderr) ?? (stderr.trim().slice(-200) || `exit code ${exitCode}`);
  return new RigFault("host-write", `cannot send over ${channel}: ${said}`, {
    values: { channel, errno: errnoOf(stderr) },
  });
}
