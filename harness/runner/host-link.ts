/**
 * The worker's link to the rig's host: SSH, the trace collector, the kernel's log. It follows the host over power cycles:
 * each boot is a segment of its own.
 */
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../base/clock.ts";
import { describeError, RigFault } from "../base/errors.ts";
import { readHostFacts } from "../rig/host/facts.ts";
import { listMhi } from "../rig/host/mhi-bus.ts";
import { loadModule } from "../rig/host/modules.ts";
import type { Shell } from "../rig/shell/shell.ts";
import { SshShell, type SshShellOptions } from "../rig/shell/ssh-shell.ts";
import { type ActionMarker, formatActionMarker } from "../trace/action-marker.ts";
import { Collector } from "../trace/collector.ts";
import { describeSource, type TraceSourceChoice } from "../trace/probe/source-choice.ts";
import { DmesgLog } from "./dmesg-log.ts";
import type { KeeperClient } from "./keeper-client.ts";
import type { ExitNote } from "./keeper-protocol.ts";
import type { LiveSegment } from "./segment.ts";
import { SegmentSplit } from "./segment-split.ts";

export interface HostLinkOptions {
  readonly keeper: KeeperClient;
  readonly ssh: () => Promise<SshShellOptions>;
  /** From power on to a login, ms. */
  readonly bootTimeoutMs: number;
  /** Folder for the raw pages of each boot. */
  readonly rawDir: string;
  readonly traceSource?: TraceSourceChoice;
}

/** The host's log is read at most this often while somebody waits on the trace. */
const DMESG_EVERY_MS = 400;

/** From the end of the connection to the keeper's word on the machine's end, at most. */
const EXIT_NOTE_MS = 2000;

interface Boot {
  readonly bootId: string;
  readonly kernel: string;
  readonly collector: Collector;
  readonly log: DmesgLog;
  readonly split: SegmentSplit;
  readonly dut: LiveSegment;
  readonly others: Map<string, LiveSegment>;
}

export class HostLink {
  readonly #options: HostLinkOptions;
  /** PCI address of the DUT, as soon as somebody knows it: what the trace has of other devices is not its own. */
  dutAddress: string | undefined;
  readonly #boots: Boot[] = [];
  #shell: SshShell | undefined;
  #attached: Boot | undefined;
  #exit: ExitNote | undefined;
  readonly #waiting = new Set<(note: ExitNote) => void>();
  #expectedDown = false;
  #logReadAt = 0;

  constructor(options: HostLinkOptions) {
    this.#options = options;
    options.keeper.onExit((note) => {
      this.#exit = note;
      this.#attached?.collector.hostGone(note.why);
      for (const tell of [...this.#waiting]) tell(note);
    });
  }

  /**
   * Runs `work`, but no longer than there is a host to do it on: a time-out that waits for a dead machine says less, and later.
   *
   * @throws RigFault with the reason for which the host ended.
   */
  async whileUp<T>(work: () => Promise<T>): Promise<T> {
    let tell: (note: ExitNote) => void = () => undefined;
    const gone = new Promise<never>((_, reject) => {
      tell = (note) => reject(new RigFault(note.code, note.why));
    });
    if (this.#exit) tell(this.#exit);
    this.#waiting.add(tell);
    try {
      return await Promise.race([work(), gone]);
    } finally {
      this.#waiting.delete(tell);
    }
  }

  /** Ring buffer a CPU: some seconds of traffic, in case a read is late. */
  readonly ringKib = 2048;

  /** @throws RigFault `host-not-up`. */
  get shell(): Shell {
    if (!this.#shell) throw new RigFault("host-not-up", "the rig's host is not up");
    return this.#shell;
  }

  /** Release of the kernel that was last up. */
  get kernel(): string | undefined {
    return this.#boots.at(-1)?.kernel;
  }

  /** How the trace is taken, for the heading: source, form, CPUs. */
  get traceDescription(): string {
    const collector = this.#boots.at(-1)?.collector;
    if (!collector) return "none";
    const cpus = collector.cpus.length;
    return `${describeSource(collector.source)}, binary, ${cpus} cpu${cpus === 1 ? "" : "s"}`;
  }

  /** Evidence of the DUT, boot by boot. */
  get segments(): readonly LiveSegment[] {
    return this.#boots.map(({ dut }) => dut);
  }

  /** Evidence of another MHI device of the host. */
  segmentsOf(address: string): readonly LiveSegment[] {
    return this.#boots.map((boot) => {
      const known = boot.others.get(address) ?? boot.split.of(address);
      boot.others.set(address, known);
      return known;
    });
  }

  /** Why the host is not there any more, if that was not asked for. */
  get trouble(): ExitNote | undefined {
    return this.#exit;
  }

  /**
   * The host is on, answers over SSH and its trace is collected. Switches it on when it is off or has ended by itself.
   *
   * @throws RigFault when it does not come up in time.
   */
  async ensure(): Promise<void> {
    const status = await this.#options.keeper.status();
    if (status.power === "off" || status.exit) {
      await this.leave("the host was found switched off");
      if (status.exit) await this.#options.keeper.setPower("off");
      await this.#options.keeper.setPower("on");
    }
    this.#exit = undefined;
    if (this.#shell?.connected && this.#attached && (await this.#answers())) return;
    await this.#connect();
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.shell.exec("true", { timeoutMs: 5000 })).exitCode === 0;
    } catch {
      return false;
    }
  }

  async #connect(): Promise<void> {
    const options = await this.#options.ssh();
    if (this.#shell) await this.#shell.reconnect({ timeoutMs: this.#options.bootTimeoutMs });
    else this.#shell = await SshShell.connect({ ...options, connectTimeoutMs: this.#options.bootTimeoutMs });
    const facts = await readHostFacts(this.#shell);
    const known = this.#boots.at(-1);
    if (known?.bootId === facts.bootId) {
      await known.collector.attach(this.#shell);
      this.#attached = known;
      return;
    }
    await this.#startSegment(this.#shell, facts.bootId, facts.kernel);
  }

  async #startSegment(shell: Shell, bootId: string, kernel: string): Promise<void> {
    // The events exist only while mhi is loaded; it does nothing by itself, and the controller drivers stay out.
    await loadModule(shell, "mhi");
    const collector = await Collector.start(shell, {
      clock: systemClock,
      bufferKib: this.ringKib,
      rawDir: `${this.#options.rawDir}/boot-${this.#boots.length + 1}`,
      ...(this.#options.traceSource && { source: this.#options.traceSource }),
    });
    const log = new DmesgLog();
    const whole: LiveSegment = {
      bootId,
      kernel,
      source: collector.source,
      get events() {
        return collector.events;
      },
      get gaps() {
        return collector.gaps;
      },
      get clock() {
        return collector.clockSamples;
      },
      get watermarkNs() {
        return collector.watermarkNs;
      },
      get dmesg() {
        return log.lines;
      },
    };
    const split = new SegmentSplit(whole);
    const boot: Boot = {
      bootId,
      kernel,
      collector,
      log,
      split,
      dut: split.ofDut(() => this.dutAddress),
      others: new Map(),
    };
    this.#boots.push(boot);
    this.#attached = boot;
    await log.read(shell);
  }

  /** The events of the driver are (again) armed: after a module was loaded anew their ids have changed. */
  async armTrace(): Promise<void> {
    await loadModule(this.shell, "mhi");
    await this.#attached?.collector.rearm();
  }

  /** Detaches cleanly before the host is switched off on purpose. */
  async leave(why: string): Promise<void> {
    const boot = this.#attached;
    this.#attached = undefined;
    if (boot && this.#shell?.connected) await this.#bringUpToNow(boot).catch(() => undefined);
    await boot?.collector.stop().catch(() => undefined);
    if (boot) boot.collector.hostGone(why);
    await this.#shell?.close();
    this.#shell = undefined;
    this.#expectedDown = true;
  }

  /** After a sleep: the connection may be stale, the clocks have parted. */
  async resync(): Promise<void> {
    if (!(this.#shell?.connected && (await this.#answers()))) await this.#connect();
    await this.mark({ phase: "note", name: "resync", detail: "" });
    if (this.#attached) await this.#bringUpToNow(this.#attached);
  }

  /** Writes a rig action into the trace; silent while the host is down, for then there is no trace to write to. */
  async mark(marker: ActionMarker): Promise<void> {
    const boot = this.#attached;
    if (!boot || !this.#shell?.connected) return;
    await boot.collector.mark(formatActionMarker(marker)).catch(() => undefined);
  }

  /** Everything that the host had recorded when this was called is in the segments when it resolves. */
  async drain(): Promise<void> {
    const boot = this.#attached;
    if (!boot || !this.#shell?.connected) return;
    await boot.collector.drain();
    await this.#tellApart(boot);
    if (performance.now() - this.#logReadAt < DMESG_EVERY_MS) return;
    await boot.log.read(this.#shell);
    this.#logReadAt = performance.now();
  }

  /** Whose a controller is can be asked only while it is there. */
  async #tellApart(boot: Boot, again = false): Promise<void> {
    if (!(boot.split.hasUnheard() || again) || !this.#shell) return;
    boot.split.learn(await listMhi(this.#shell));
  }

  /** A driver was bound anew: its controller may have another name now. */
  async controllersChanged(): Promise<void> {
    if (this.#attached && this.#shell?.connected) await this.#tellApart(this.#attached, true);
  }

  async #bringUpToNow(boot: Boot): Promise<void> {
    this.#logReadAt = 0;
    if (this.#attached === boot || this.#attached === undefined) await boot.collector.drain();
    if (this.#shell?.connected) await this.#tellApart(boot);
    if (this.#shell) await boot.log.read(this.#shell);
  }

  /** @throws RigFault: what the lab knows to have gone wrong under the test. */
  checkRig(): void {
    if (this.#exit) throw new RigFault(this.#exit.code, this.#exit.why);
    if (!this.#shell?.connected && !this.#expectedDown) {
      throw new RigFault("host-lost", "the SSH connection to the rig's host was lost");
    }
  }

  /** Last look before the test's record is made; never throws. Returns what could not be had. */
  async settle(): Promise<string | undefined> {
    const boot = this.#attached;
    if (!boot) return undefined;
    try {
      if (!this.#shell?.connected) throw await this.#whyLost();
      await this.#bringUpToNow(boot);
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  /** The connection dies before the keeper has seen the machine end: a moment's patience gives the better reason. */
  async #whyLost(): Promise<RigFault> {
    const lost = new RigFault("host-lost", "the SSH connection to the rig's host was lost");
    return await this.whileUp(() => delay(EXIT_NOTE_MS)).then(
      () => lost,
      (ended: unknown) => (ended instanceof RigFault ? ended : lost),
    );
  }

  async close(): Promise<void> {
    await this.#attached?.collector.stop().catch(() => undefined);
    await this.#shell?.close();
  }
}
