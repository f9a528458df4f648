/** The lanes of one MHI controller: what the host believed, what the device reported, and its channels. */
import { Kind, type Names, type Row, type SegmentData } from "../data.ts";
import { argument, channelLabel, isAllOnes, isEeEvent, isStateChange, isTransfer, nameOf } from "../describe.ts";
import { type Lane, type Tick, type Tone, Track } from "./track.ts";

const PM_TONES: Readonly<Record<string, Tone>> = {
  DISABLE: "down",
  POR: "boot",
  M0: "active",
  M2: "idle",
  M3_ENTER: "moving",
  M3: "sleep",
  M3_EXIT: "moving",
  SHUTDOWN_PROCESS: "moving",
};
const MHI_TONES: Readonly<Record<string, Tone>> = {
  RESET: "down",
  READY: "boot",
  M0: "active",
  M1: "idle",
  M2: "idle",
  M3: "sleep",
  M3_FAST: "sleep",
  BHI: "boot",
};
const EE_TONES: Readonly<Record<string, Tone>> = {
  PBL: "boot",
  SBL: "boot",
  AMSS: "active",
  WFW: "active",
  FP: "active",
  PTHRU: "boot",
  EDL: "moving",
};
/** From these on the device is or will be reset: what it reported no longer holds, and its channels are gone untold. */
const DEVICE_UNKNOWN_AFTER = new Set(["DISABLE", "POR", "SHUTDOWN_PROCESS", "LD_ERR_FATAL_DETECT"]);
const GOOD_COMPLETIONS = new Set(["SUCCESS", "EOT", "EOB"]);

const toneOf = (tones: Readonly<Record<string, Tone>>, name: string): Tone => tones[name] ?? "error";

class ChannelTrack {
  readonly track = new Track();
  readonly ticks: Tick[] = [];
}

export class ControllerLanes {
  readonly #names: Names;
  readonly #pm = new Track();
  readonly #mhiState = new Track();
  readonly #execEnv = new Track();
  readonly #worker: Tick[] = [];
  readonly #channels = new Map<number, ChannelTrack>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Adds a segment; after it, or in a gap of it, nothing is known. */
  add(segment: SegmentData, controller: number, endNs: number): void {
    const gaps = [...segment.gaps].sort((a, b) => a[0] - b[0]);
    let axisNs = segment.baseNs;
    let gap = 0;
    for (const row of segment.rows) {
      axisNs += Number(row[0]);
      for (let next = gaps[gap]; next && next[0] <= axisNs; next = gaps[++gap]) this.#stop(next[0]);
      if (row[4] === controller) this.#take(axisNs, row);
    }
    for (let next = gaps[gap]; next; next = gaps[++gap]) this.#stop(next[0]);
    this.#stop(endNs);
  }

  #stop(axisNs: number): void {
    for (const track of [this.#pm, this.#mhiState, this.#execEnv]) track.stop(axisNs);
    for (const channel of this.#channels.values()) channel.track.stop(axisNs);
  }

  #take(axisNs: number, row: Row): void {
    switch (row[1]) {
      case Kind.PM:
        this.#takePm(axisNs, nameOf(this.#names.pm, argument(row, 0)));
        break;
      case Kind.WORKER:
        this.#takeWorker(axisNs, nameOf(this.#names.worker, argument(row, 0)));
        break;
      case Kind.INTVEC:
        this.#takeDevice(axisNs, argument(row, 2), argument(row, 3));
        break;
      case Kind.RING:
        this.#takeRing(axisNs, row);
        break;
      case Kind.TRE:
        this.#channel(argument(row, 0)).ticks.push({ axisNs, tone: "plain", half: "up" });
        break;
      case Kind.CHAN:
        this.#takeCommand(axisNs, row);
        break;
    }
  }

  #takePm(axisNs: number, name: string): void {
    this.#pm.set(axisNs, name, toneOf(PM_TONES, name));
    if (!DEVICE_UNKNOWN_AFTER.has(name)) return;
    this.#mhiState.stop(axisNs);
    this.#execEnv.stop(axisNs);
    for (const channel of this.#channels.values()) channel.track.stop(axisNs);
  }

  #takeWorker(axisNs: number, label: string): void {
    const tone = label.startsWith("SYS ERROR") ? "error" : label.startsWith("DISABLE") ? "down" : "plain";
    this.#worker.push({ axisNs, tone, half: "full", label });
  }

  #takeDevice(axisNs: number, execEnv: number, mhiState: number): void {
    const state = isAllOnes(mhiState) ? "link down" : nameOf(this.#names.mhiState, mhiState);
    const ee = isAllOnes(execEnv) ? "link down" : nameOf(this.#names.execEnv, execEnv);
    this.#mhiState.set(axisNs, state, toneOf(MHI_TONES, state));
    this.#execEnv.set(axisNs, ee, toneOf(EE_TONES, ee));
  }

  #takeRing(axisNs: number, row: Row): void {
    const [type, code] = [argument(row, 1), argument(row, 2)];
    if (isStateChange(type)) {
      const name = nameOf(this.#names.mhiState, code);
      this.#mhiState.set(axisNs, name, toneOf(MHI_TONES, name));
    } else if (isEeEvent(type)) {
      const name = nameOf(this.#names.execEnv, code);
      this.#execEnv.set(axisNs, name, toneOf(EE_TONES, name));
    } else if (isTransfer(type)) {
      const good = GOOD_COMPLETIONS.has(nameOf(this.#names.completion, code));
      this.#channel(argument(row, 3)).ticks.push({ axisNs, tone: good ? "active" : "error", half: "down" });
    }
  }

  /** Asked for: pending until the driver says that it is done; a finished RESET leaves the channel closed. */
  #takeCommand(axisNs: number, row: Row): void {
    const channel = this.#channel(argument(row, 1));
    const command = nameOf(this.#names.command, argument(row, 2));
    if (argument(row, 0) === 0) channel.track.set(axisNs, `${command}…`, "moving");
    else if (command === "START") channel.track.set(axisNs, "enabled", "active");
    else if (command === "STOP") channel.track.set(axisNs, "stopped", "idle");
    else channel.track.stop(axisNs);
  }

  #channel(number: number): ChannelTrack {
    const known = this.#channels.get(number);
    if (known) return known;
    const made = new ChannelTrack();
    this.#channels.set(number, made);
    return made;
  }

  lanes(prefix: string): Lane[] {
    const state = (title: string, hint: string, track: Track): Lane => ({
      title: prefix + title,
      hint,
      slices: track.slices,
      ticks: [],
      height: 26,
      inReadout: true,
    });
    const worker: Lane = {
      ...state("worker", "item begins", new Track()),
      ticks: this.#worker,
      height: 22,
      inReadout: false,
    };
    const channels = [...this.#channels.entries()].sort((a, b) => a[0] - b[0]);
    return [
      state("PM state", "host believes", this.#pm),
      state("MHI state", "device reports", this.#mhiState),
      state("EE", "device reports", this.#execEnv),
      worker,
      ...channels.map(([number, channel]) => ({
        ...state(channelLabel(this.#names, number), "", channel.track),
        ticks: channel.ticks,
        height: 22,
        inReadout: false,
      })),
    ];
  }
}
