/**
 * Injected faults: named ways in which the device misbehaves. One file a fault; each says when it acts.
 *
 * A fault is armed with options and hears of what the device is about to do through the hooks that it has.
 */
import { UsageError } from "../../base/errors.ts";
import type { SubsystemDump } from "../functions/function.ts";
import type { DeviceLogFields } from "../log.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";

export type SysErrVia = "event" | "interrupt";

/** What a fault may do to the device. */
export interface FaultPort {
  /** To be called each time the fault acts: goes to the device log and counts. */
  acted(text: string, fields?: DeviceLogFields): void;
  /** Runs once after `ms`; forgotten when the fault is disarmed, or the device is reset or loses power. */
  later(ms: number, run: () => void): void;
  raiseSysErr(via: SysErrVia): void;
  /** A vector that nothing stands behind. */
  raiseInterrupt(vector: number): void;
  /** What BHI_EXECENV shows from now on; the device goes on as it is. */
  showExecEnv(value: number): void;
  /** EE RDDM and SYS_ERR, told by the BHI interrupt. */
  crashToRddm(): void;
  /** SYS_ERR; after the reset the loader has a RAM dump to hand over first. */
  crashWithDump(): void;
  /** A subsystem crashes and restarts while the device goes on; false: nothing is started that could tell of it. */
  restartSubsystem(dump: SubsystemDump): boolean;
  /** Posts events past all faults. */
  post(ring: number, events: readonly PostedEvent[]): void;
  /** The device falls off the bus. */
  goAway(): void;
}

export interface FaultHooks {
  /** MHICTRL = M3 was written; true = take no notice. */
  ignoreM3?(): boolean;
  /** READY is due; true = never set it. */
  withholdReady?(): boolean;
  /** A channel command was carried out; true = its completion is not posted. */
  loseCompletion?(command: FaultCommand, channel: number): boolean;
  /** MHICTRL.RESET was written; true = it stays set, and nothing happens. */
  ignoreReset?(): boolean;
  /** MHICTRL = M0 was written; true = take no notice. */
  ignoreM0?(): boolean;
  /** The same; so many ms until it is acknowledged. */
  delayM0?(): number;
  /** Events are about to be posted on a ring: what is posted in their place. The last fault asked has the last word. */
  events?(ring: number, events: readonly PostedEvent[]): readonly PostedEvent[] | undefined;
  /** A ring's read pointer is about to be told to the host: what is told in its place. */
  readPointer?(ring: number, rp: bigint): bigint | undefined;
  /** A vector is about to be raised; true = it never reaches the host. */
  loseInterrupt?(vector: number): boolean;
  /** Values that registers of the MHI block hold after a reset, by offset. */
  registers?(): ReadonlyMap<number, number> | undefined;
  /** The service behind a control channel is about to announce itself; true = it stays silent. */
  silence?(channel: string): boolean;
  /** The host has handed over an image, and the device has looked at it. */
  imageFate?(stage: ImageStage): ImageFate | undefined;
  /** The first M0 after a reset was acknowledged and the EE told. */
  enteredMissionMode?(): void;
  /** MHI RESET, SOC reset, function reset or power. */
  reset?(): void;
}

export type ImageStage = "bhi" | "bhie" | "sahara";

/** No answer ever, an error whatever the image, or an answer that comes late. */
export type ImageFate = "never" | "refuse" | { readonly delayMs: number };

export type FaultCommand = "START" | "STOP" | "RESET";

export interface WholeNumber {
  readonly kind: "whole-number";
  readonly min: number;
  readonly max: number;
  /** Undefined: the option may be left out and has no value then. */
  readonly default?: number;
  readonly about: string;
}

export interface OneOf {
  readonly kind: "one-of";
  readonly values: readonly string[];
  readonly default: string;
  readonly about: string;
}

export type OptionSpec = WholeNumber | OneOf;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionsOf<S extends OptionSpecs> = {
  readonly [K in keyof S]: S[K] extends OneOf
    ? S[K]["values"][number]
    : S[K] extends { readonly default: number }
      ? number
      : number | undefined;
};

export interface FaultDefinition {
  readonly name: string;
  /** One line: what the device does wrong. */
  readonly about: string;
  readonly options: OptionSpecs;
  /** `options` are checked against the specs and complete. */
  arm(options: FaultOptions, port: FaultPort): FaultHooks;
}

export type FaultOptions = Readonly<Record<string, string | number | undefined>>;

/** Ties a fault's options to their types. */
export function defineFault<const S extends OptionSpecs>(definition: {
  readonly name: string;
  readonly about: string;
  readonly options: S;
  arm(options: OptionsOf<S>, port: FaultPort): FaultHooks;
}): FaultDefinition {
  return { ...definition, arm: (options, port) => definition.arm(options as OptionsOf<S>, port) };
}

export const TIMES: WholeNumber & { readonly default: number } = {
  kind: "whole-number",
  min: 0,
  max: 1_000_000,
  default: 1,
  about: "how often it acts per arming; 0 = without limit",
};

/** When a fault acts: after `skip` occasions that it lets pass, and then `times` times. */
export const WHEN = {
  skip: { kind: "whole-number", min: 0, max: 1_000_000, default: 0, about: "occasions that it lets pass first" },
  times: TIMES,
} as const;

/** Asked at each occasion: whether the fault acts on it. */
export function occasions({ skip, times }: { readonly skip: number; readonly times: number }): () => boolean {
  const mayAct = countdown(times);
  let toSkip = skip;
  return () => {
    if (toSkip > 0) {
      toSkip -= 1;
      return false;
    }
    return mayAct();
  };
}

export const AFTER_MISSION_MODE = {
  kind: "whole-number",
  min: 0,
  max: 3_600_000,
  default: 500,
  about: "time from mission mode, ms",
} as const;

/** Hooks of a fault that acts some time after each entry into mission mode. */
export function afterMissionMode(
  { afterMs, times }: { readonly afterMs: number; readonly times: number },
  port: FaultPort,
  act: () => void,
): FaultHooks {
  const mayAct = countdown(times);
  return { enteredMissionMode: () => port.later(afterMs, () => mayAct() && act()) };
}

/** A channel to act on; left out: any. */
export const CHANNEL = {
  kind: "whole-number",
  min: 0,
  max: 127,
  about: "which channel; left out: any",
} as const;

/** Counts down `times`; 0 = without limit. */
export function countdown(times: number): () => boolean {
  let left = times === 0 ? Number.POSITIVE_INFINITY : times;
  return () => {
    if (left <= 0) return false;
    left -= 1;
    return true;
  };
}

/**
 * Checks and completes options.
 *
 * @throws UsageError `bad-fault-option`: which fault, which option, what was expected, what was found.
 */
export function completeOptions(fault: FaultDefinition, given: Readonly<Record<string, unknown>>): FaultOptions {
  const known = Object.keys(fault.options);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new UsageError(
        "bad-fault-option",
        `fault ${fault.name} has no option "${name}"; it has: ${known.join(", ") || "none"}`,
      );
    }
  }
  const options: Record<string, string | number | undefined> = {};
  for (const [name, spec] of Object.entries(fault.options))
    options[name] = checkOption(fault.name, name, spec, given[name]);
  return options;
}

function checkOption(fault: string, name: string, spec: OptionSpec, value: unknown): string | number | undefined {
  if (value === undefined) return spec.default;
  const expected =
    spec.kind === "one-of" ? `one of ${spec.values.join(", ")}` : `a whole number from ${spec.min} to ${spec.max}`;
  const found =
    typeof value === "string" && spec.kind === "whole-number" && /^\d+$/.test(value) ? Number(value) : value;
  const good =
    spec.kind === "one-of"
      ? typeof found === "string" && spec.values.includes(found)
      : typeof found === "number" && Number.isInteger(found) && found >= spec.min && found <= spec.max;
  if (good) return found as string | number;
  throw new UsageError(
    "bad-fault-option",
    `fault ${fault}: option ${name} is ${JSON.stringify(value)}, expected ${expected}`,
  );
}
