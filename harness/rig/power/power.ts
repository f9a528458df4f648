/** What can be done to a rig's power, slot and device from outside. The virtual lab implements all three. */

export type PowerState = "on" | "off" | "unknown";

export interface PowerDriver {
  readonly name: string;
  /** What the switch says; `unknown` where it cannot say. @throws RigFault `power-failed` */
  get(): Promise<PowerState>;
  /** Returns when the switch has done it; the host boots or dies after that. @throws RigFault `power-failed` */
  set(state: "on" | "off"): Promise<void>;
}

/** The DUT's slot: a surprise removal and its contrary. */
export interface SlotDriver {
  readonly name: string;
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

export interface ActiveFault {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Makes the device misbehave on demand: virtual rigs, or a device with a test firmware. */
export interface FaultInjector {
  /** @throws UsageError for a fault that this device does not know. */
  set(name: string, on: boolean, options?: Readonly<Record<string, unknown>>): Promise<void>;
  list(): Promise<readonly ActiveFault[]>;
}
