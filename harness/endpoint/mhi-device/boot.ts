/**
 * How the device comes up, and in which execution environment it is.
 *
 *   from flash     RESET -(boot delay)-> READY, AMSS
 *   over BHI       PBL, RESET: waits for the image -> SBL, READY -M0-> SBL told -> AMSS told
 *   full chain     the same with the image's first part; SBL waits for the whole over BHIe -> AMSS told
 *   Sahara         over BHI or BHIe to SBL, which asks for more images over a channel -> AMSS told
 *   EDL            waits for the flash programmer's image -> FP, READY -M0-> FP told
 *   PTHRU          RESET -> READY -M0-> AMSS told
 *
 * Sources: mhi_fw_load_handler and its callees (drivers/bus/mhi/host/boot.c), mhi_async_power_up (pm.c); design facts 3.2,
 * 5.1 to 5.3, 6.2.
 */
import { hex } from "../../base/hex.ts";
import { ExecEnv, execEnvName, isMissionMode } from "../../mhi/exec-env.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import { imageName, madeUpImage } from "../../mhi/firmware-image.ts";
import { rddmImage } from "../../mhi/ram-dump.ts";
import * as R from "../../mhi/registers.ts";
import type { FaultQuestions } from "../faults/board.ts";
import type { ImageStage } from "../faults/fault.ts";
import type { DeviceLog } from "../log.ts";
import type { DeviceBus } from "./bus.ts";
import { fillSegments, takeImage, takeSegments, type Verdict } from "./loader.ts";
import type { Registers } from "./registers.ts";

export interface BootPort {
  readonly bus: DeviceBus;
  readonly faults: FaultQuestions;
  readonly log: DeviceLog;
  registers(): Registers;
  /** Runs `work` in the device's action queue. */
  later(what: string, work: () => Promise<void>): void;
  /** MHISTATUS becomes READY. */
  ready(): void;
  /** In M0 or M2, so that events reach the host. */
  canTell(): boolean;
  tell(ee: ExecEnv): Promise<void>;
  raiseBhi(): void;
}

export interface BootOptions {
  readonly family: FamilyProfile;
  /** Where it stands after power-on. */
  readonly powerOnEe: ExecEnv;
  /** From power-on or reset to READY, and between the stages of a loaded boot, ms. */
  readonly bootDelayMs: number;
}

/** BHI_STATUS and the vectors' status, bits 31:30. */
const DONE = 2 << 30;
const FAILED = 3 << 30;
/** What the boot loader says of an image that it does not accept: made up, but recognisable. */
const BAD_IMAGE = { code: 0x0bad_1a6e, debug: [0x1, 0x2, 0x3] } as const;

export class Boot {
  readonly #options: BootOptions;
  readonly #port: BootPort;
  #timer: NodeJS.Timeout | undefined;
  /** EEs told since the last reset. */
  #told = new Set<ExecEnv>();

  constructor(options: BootOptions, port: BootPort) {
    this.#options = options;
    this.#port = port;
  }

  /** Power-on values: the loader of the device's ROM, or what it starts from its flash. */
  powerOn(): void {
    this.#port.registers().execEnv = this.#options.powerOnEe;
  }

  /** A reset after a crash throws away what was loaded. */
  crashed(): void {
    this.powerOn();
  }

  /** No timer runs, nothing is told: power went, or a reset came. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#told = new Set();
  }

  /** From nothing to READY, or to the wait for an image. */
  restart(): void {
    this.stop();
    const ee = this.#ee;
    if (ee === ExecEnv.PBL || ee === ExecEnv.EDL) {
      this.#port.log("power", `waiting for an image in ${execEnvName(ee)}`, { execEnv: execEnvName(ee) });
      return;
    }
    this.#after(this.#options.bootDelayMs, () => this.#becomeReady());
  }

  /** M0 was acknowledged: what has not been told since the reset is told now, and the boot goes on. */
  async enteredM0(): Promise<void> {
    if (this.#ee === ExecEnv.PTHRU) this.#port.registers().execEnv = ExecEnv.AMSS;
    const ee = this.#ee;
    if (this.#told.has(ee)) return;
    await this.#tell(ee);
    const { load, sahara } = this.#options.family.firmware;
    if (ee === ExecEnv.SBL && load !== "bhi-bhie" && !sahara) this.#missionMode();
  }

  /** In RDDM: the host has said at power-up where it wants the RAM dump (mhi_rddm_prepare of boot.c), or has not. */
  dumpRam(): void {
    const { bus, log, later } = this.#port;
    const registers = this.#port.registers();
    const sequence = registers.bhie(R.BHIE_RXVECDB) & 0x3fffffff;
    if (sequence === 0) {
      log("power", "RAM dump: the host has given no segments for it");
      return;
    }
    later("RAM dump", async () => {
      const tableAt = registers.vectorAddress(R.BHIE_RXVECADDR_LOW);
      const filled = await fillSegments(bus, tableAt, registers.bhie(R.BHIE_RXVECSIZE), rddmImage);
      const good = typeof filled === "number";
      if (good) log("power", `RAM dump of ${filled} bytes written over BHIe`, { bytes: filled });
      else log("guest-error", `RAM dump: ${filled}`);
      registers.setBhie(R.BHIE_RXVECSTATUS, ((good ? DONE : FAILED) | sequence) >>> 0);
      this.#port.raiseBhi();
    });
  }

  /** The loader in SBL was given all images that it asked for. */
  imagesLoaded(): void {
    if (this.#ee === ExecEnv.SBL) this.#missionMode();
  }

  /** BHI_IMGTXDB. */
  imageDoorbell(session: number): void {
    const ee = this.#ee;
    const { log, bus, later } = this.#port;
    const registers = this.#port.registers();
    const bytes = registers.bhi(R.BHI_IMGSIZE);
    log("doorbell", `image of ${bytes} bytes at ${hex(registers.imageAddress)}, session ${session}`, { session });
    if (ee !== ExecEnv.PBL && ee !== ExecEnv.EDL) {
      log("guest-error", `image doorbell in ${execEnvName(ee)}; ignored`);
      return;
    }
    later("image", async () => {
      const verdict = await takeImage(bus, registers.imageAddress, bytes, this.#expected(ee, "bhi"));
      this.#answer("bhi", verdict, (good) => this.#imageTaken(ee, good));
    });
  }

  /** BHIE_TXVECDB. */
  transmitVectorDoorbell(sequence: number): void {
    const ee = this.#ee;
    const { log, bus, later } = this.#port;
    const registers = this.#port.registers();
    if (sequence === 0) return; // the ath drivers clear it before they power up
    const tableBytes = registers.bhie(R.BHIE_TXVECSIZE);
    registers.setBhie(R.BHIE_TXVECSTATUS, 0); // of the vector before: the host does not clear it
    log("doorbell", `segment table of ${tableBytes} bytes, sequence ${sequence}`, { sequence });
    if (ee !== ExecEnv.SBL && !(ee === ExecEnv.PBL && this.#load === "bhie")) {
      log("guest-error", `segment doorbell in ${execEnvName(ee)}; ignored`);
      return;
    }
    later("segments", async () => {
      const tableAt = registers.vectorAddress(R.BHIE_TXVECADDR_LOW);
      const verdict = await takeSegments(bus, tableAt, tableBytes, this.#expected(ee, "bhie"));
      this.#answer("bhie", verdict, (good) => this.#segmentsTaken(ee, sequence, good));
    });
  }

  get #ee(): ExecEnv {
    return this.#port.registers().execEnv as ExecEnv;
  }

  get #load() {
    return this.#options.family.firmware.load;
  }

  #expected(ee: ExecEnv, stage: ImageStage): Buffer | undefined {
    const { family } = this.#options;
    const name = imageName(family, ee === ExecEnv.SBL ? ExecEnv.PBL : ee);
    const image = name === undefined ? undefined : madeUpImage(family, name);
    const partial = stage === "bhi" && this.#load === "bhi-bhie" && ee === ExecEnv.PBL;
    return partial ? image?.subarray(0, family.firmware.sblBytes) : image;
  }

  /** What the faults make of it, then the device's own verdict. */
  #answer(stage: ImageStage, verdict: Verdict, done: (good: boolean) => void): void {
    const { log, faults } = this.#port;
    const { text, bytes, sha256, good } = verdict;
    log("firmware", `${stage}: ${good ? "accepted" : "refused"}: ${text}`, { stage, bytes, sha256, good });
    const fate = faults.imageFate(stage);
    if (fate === "never") return;
    if (fate === "refuse") done(false);
    else if (fate === undefined || fate.delayMs === 0) done(good);
    else this.#after(fate.delayMs, () => done(good));
  }

  #imageTaken(ee: ExecEnv, good: boolean): void {
    const registers = this.#port.registers();
    if (good) {
      registers.setBhi(R.BHI_STATUS, DONE >>> 0);
    } else {
      registers.setBhi(R.BHI_ERRCODE, BAD_IMAGE.code);
      BAD_IMAGE.debug.forEach((value, index) => {
        registers.setBhi(R.BHI_ERRDBG1 + 4 * index, value);
      });
      registers.setBhi(R.BHI_STATUS, FAILED >>> 0);
    }
    this.#port.raiseBhi();
    if (good) this.#startLoaded(ee === ExecEnv.EDL ? ExecEnv.FP : ExecEnv.SBL);
  }

  #segmentsTaken(ee: ExecEnv, sequence: number, good: boolean): void {
    this.#port.registers().setBhie(R.BHIE_TXVECSTATUS, ((good ? DONE : FAILED) | sequence) >>> 0);
    this.#port.raiseBhi();
    if (!good) return;
    if (ee === ExecEnv.PBL) this.#startLoaded(ExecEnv.SBL);
    else this.#missionMode();
  }

  /** The image runs: another EE, then READY. */
  #startLoaded(ee: ExecEnv): void {
    this.#after(this.#options.bootDelayMs, () => {
      this.#enter(ee);
      this.#becomeReady();
    });
  }

  #missionMode(): void {
    this.#after(this.#options.bootDelayMs, () => {
      if (!this.#port.canTell()) return;
      this.#enter(ExecEnv.AMSS);
      this.#port.later("EE event", () => this.#tell(ExecEnv.AMSS));
    });
  }

  #enter(ee: ExecEnv): void {
    this.#port.registers().execEnv = ee;
    this.#port.log("power", `execution environment ${execEnvName(ee)}`, { execEnv: execEnvName(ee) });
  }

  #becomeReady(): void {
    if (!this.#port.faults.withholdReady()) this.#port.ready();
  }

  async #tell(ee: ExecEnv): Promise<void> {
    this.#told.add(ee);
    await this.#port.tell(ee);
    if (!isMissionMode(ee)) return;
    this.#port.log("power", `mission mode (${execEnvName(ee)})`, { execEnv: execEnvName(ee) });
    this.#port.faults.enteredMissionMode();
  }

  #after(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms);
  }
}
