/** The modem's control ports: /dev/wwanN<type>M of the wwan core, one for each channel pair that has a client. */
import { RigFault, UsageError } from "../../base/errors.ts";
import { quote, type Shell } from "../shell/shell.ts";
import { errnoOf } from "./sysfs.ts";

/** drivers/net/wwan/mhi_wwan_ctrl.c and wwan_core.c: the port's type, and how its device node is called. */
const NODE_OF_CHANNEL: Readonly<Record<string, string>> = {
  DUN: "at",
  DUN2: "at",
  DIAG: "qcdm",
  MBIM: "mbim",
  QMI: "qmi",
  FIREHOSE: "firehose",
};

/**
 * Opens the channel's port (which starts both channels), sends `message`, reads back one message and closes it.
 *
 * @returns what came back; empty when nothing did within `timeoutMs`
 * @throws RigFault `host-write`: there is no such port, or it cannot be opened; errno in `values.errno`
 */
export async function exchangeThroughPort(
  shell: Shell,
  channel: string,
  message: Buffer,
  timeoutMs: number,
): Promise<Buffer> {
  const kind = NODE_OF_CHANNEL[channel];
  if (kind === undefined) {
    const known = Object.keys(NODE_OF_CHANNEL).join(", ");
    throw new UsageError("port-channel", `channel ${channel} has no control port; those that have: ${known}`);
  }
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  const octal = [...message].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  // One descriptor for both directions: each open and close of the port starts and resets the channels. One printf is one
  // write, and so one transfer. Hex on the way back: what a device sends is not for a text channel. The reader is a single
  // process, so that its time can be ended by its own number.
  const script = `for p in /dev/wwan[0-9]*${kind}[0-9]*; do break; done
[ -c "$p" ] || { echo "printf: no port /dev/wwan*${kind}*: No such device" >&2; exit 1; }
answer=$(mktemp) || exit 1
trap 'rm -f "$answer"' EXIT
exec 3<>"$p" || exit 1
printf ${quote(octal)} >&3 || exit 1
dd bs=65536 count=1 <&3 >"$answer" 2>/dev/null & reader=$!
( sleep ${seconds}; kill $reader ) >/dev/null 2>&1 3>&- & timer=$!
wait $reader; kill $timer 2>/dev/null
od -An -v -tx1 "$answer"`;
  // Opening waits for two channel commands, each with the driver's own limit of `timeoutMs`.
  const result = await shell.exec(script, { timeoutMs: 3 * seconds * 1000 + 15_000 });
  if (result.exitCode === 0) return Buffer.from(result.stdout.replaceAll(/\s/g, ""), "hex");
  const said = errnoOf(result.stderr) ?? (result.stderr.trim().slice(-200) || `exit code ${result.exitCode}`);
  throw new RigFault("host-write", `cannot send through the port of channel ${channel}: ${said}`, {
    values: { channel, errno: errnoOf(result.stderr) },
  });
}
