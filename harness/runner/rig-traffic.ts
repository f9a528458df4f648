/** Data through a rig's device, and the dumps that it leaves when it crashes. */
import { sha256 } from "../mhi/firmware-image.ts";
import { dumpFile, rddmImage } from "../mhi/ram-dump.ts";
import { type TakenDump, takeCoredump } from "../rig/host/coredump.ts";
import { type EchoResult, type PingResult, pingThrough, tcpEchoThrough } from "../rig/host/ip-link.ts";
import { exchangeThroughLoopback, takeRddm } from "../rig/host/lab-client.ts";
import { exchangeThroughPort } from "../rig/host/wwan-port.ts";
import { RigBase } from "./rig-base.ts";

export abstract class RigTraffic extends RigBase {
  /** Waits until the driver has taken the RAM dump of a crash, and copies it from the host to `file`. */
  takeCrashDump = (file: string): Promise<TakenDump> =>
    this.action("take-crash-dump", "", async () =>
      takeCoredump(this.host.shell, await this.address(), file, { timeoutMs: this.probeMs }),
    );

  /** The same of a device in RDDM whose driver does not take the dump by itself: the lab's client does. */
  takeRddmDump = (file: string): Promise<TakenDump> =>
    this.action("take-rddm-dump", "", async () => {
      await takeRddm(this.host.shell, await this.controller(), this.family.timeoutMs);
      return await takeCoredump(this.host.shell, await this.address(), file, { timeoutMs: this.probeMs });
    });

  /** What an emulated device fills the host's segments with. */
  get madeUpRddm(): TakenDump {
    const { rddmBytes = 0, firmware } = this.deviceFamily;
    // mhi_alloc_bhie_table gives whole segments
    const segment = firmware.segmentBytes ?? 1;
    const bytes = Math.ceil(rddmBytes / segment) * segment;
    return { bytes, sha256: sha256(rddmImage(bytes)) };
  }

  /** What an emulated device leaves behind when it crashes. */
  get madeUpDump(): TakenDump {
    const file = dumpFile();
    return { bytes: file.length, sha256: sha256(file) };
  }

  /** Opens the channel's port, sends, reads back, closes. Returns what came back, or "" when nothing did. */
  echo = (channel: string, text: string): Promise<string> =>
    this.action("echo", channel, async () => (await this.#exchange(channel, Buffer.from(text))).toString());

  /** The same with bytes, in hexadecimal both ways. */
  exchange = (channel: string, hex: string): Promise<string> =>
    this.action("exchange", channel, async () =>
      (await this.#exchange(channel, Buffer.from(hex, "hex"))).toString("hex"),
    );

  /** Pings the far end of the channel pair's network device, which is brought up for it. */
  ping = (channel: string, { count = 10, bytes = 56 } = {}): Promise<PingResult> =>
    this.action("ping", channel, async () => {
      const result = await pingThrough(this.host.shell, channel, { count, bytes });
      this.measured({ name: `${channel} lost`, value: (100 * (count - result.received)) / count, unit: "%" });
      if (result.meanMs !== undefined) this.measured({ name: `${channel} ping`, value: result.meanMs, unit: "ms" });
      return result;
    });

  /** Sends so many random bytes to the far end's TCP echo service and compares what comes back. */
  tcpEcho = (channel: string, bytes: number): Promise<EchoResult> =>
    this.action("tcp-echo", `${channel} ${bytes}`, async () => {
      const result = await tcpEchoThrough(this.host.shell, channel, bytes, 60_000);
      if (result.intact && result.seconds > 0)
        this.measured({ name: `${channel} each way`, value: bytes / 1024 / result.seconds, unit: "KiB/s" });
      return result;
    });

  async #exchange(channel: string, message: Buffer): Promise<Buffer> {
    const { shell } = this.host;
    if (channel !== "LOOPBACK") return await exchangeThroughPort(shell, channel, message, this.family.timeoutMs);
    return await exchangeThroughLoopback(shell, await this.controller(), message, this.family.timeoutMs);
  }
}
