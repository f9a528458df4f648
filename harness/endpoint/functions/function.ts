import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { ImageFate, ImageStage } from "../faults/fault.ts";
import type { DeviceLog } from "../log.ts";

/** What sits behind a pair of channels. One is made at each START of the uplink: nothing outlives a reset. */
export interface ChannelFunction {
  /** One transfer from the host. */
  receive(payload: Buffer): void;
  /** The downlink is started too: the function may speak first. */
  started?(): void;
  /** A subsystem behind the channel crashes and is restarted. */
  restartSubsystem?(dump: SubsystemDump): void;
}

/** A dump with a table that is in order, or one whose lengths add up to more than 64 bits hold. */
export type SubsystemDump = "good" | "overflow";

export interface FunctionPort {
  /** Queues a packet for the downlink channel of the pair. */
  send(payload: Buffer): void;
  readonly device: FunctionDevice;
}

/** What a function knows of the device around it. */
export interface FunctionDevice {
  readonly family: FamilyProfile;
  readonly log: DeviceLog;
  /** The firmware crashed, and nobody has taken the RAM dump yet. */
  dumpWaits(): boolean;
  dumpTaken(): void;
  imageFate(stage: ImageStage): ImageFate | undefined;
  /** The loader behind the channel has all images: the boot goes on. */
  imagesLoaded(): void;
}

export type FunctionFactory = (port: FunctionPort) => ChannelFunction;
