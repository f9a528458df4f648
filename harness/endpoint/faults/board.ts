import type { DeviceLog } from "../log.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";
import {
  completeOptions,
  type FaultCommand,
  type FaultHooks,
  type FaultOptions,
  type FaultPort,
  type ImageFate,
  type ImageStage,
} from "./fault.ts";
import { FAULTS, faultByName } from "./index.ts";

/** What the device asks before it does something: the sum of all armed faults. */
export interface FaultQuestions extends Required<FaultHooks> {
  events(ring: number, events: readonly PostedEvent[]): readonly PostedEvent[];
  readPointer(ring: number, rp: bigint): bigint;
  registers(): ReadonlyMap<number, number>;
}

/** What the board passes on to the device. */
export type FaultDevice = Omit<FaultPort, "acted" | "later">;

interface Armed {
  readonly name: string;
  readonly options: FaultOptions;
  readonly hooks: FaultHooks;
  readonly timers: Set<NodeJS.Timeout>;
  acted: number;
}

export interface FaultStatus {
  readonly name: string;
  readonly about: string;
  readonly armed: boolean;
  /** How often it has acted since it was armed. */
  readonly acted: number;
  readonly options: FaultOptions;
}

/** Holds the armed faults; they outlive resets and new connections. */
export class FaultBoard implements FaultQuestions {
  readonly #log: DeviceLog;
  readonly #device: FaultDevice;
  readonly #armed = new Map<string, Armed>();

  constructor(device: FaultDevice, log: DeviceLog) {
    this.#device = device;
    this.#log = log;
  }

  /**
   * Arms a fault, afresh where it is armed already.
   *
   * @throws UsageError `unknown-fault`, `bad-fault-option`.
   */
  arm(name: string, given: Readonly<Record<string, unknown>> = {}): void {
    const definition = faultByName(name);
    const options = completeOptions(definition, given);
    this.disarm(name);
    const timers = new Set<NodeJS.Timeout>();
    const hooks = definition.arm(options, this.#port(name, timers));
    this.#armed.set(name, { name, options, hooks, timers, acted: 0 });
    this.#log("fault", `${name} armed ${JSON.stringify(options)}`, { fault: name, armed: true });
  }

  /** @throws UsageError `unknown-fault`. */
  disarm(name: string): void {
    faultByName(name);
    const armed = this.#armed.get(name);
    if (!armed) return;
    for (const timer of armed.timers) clearTimeout(timer);
    this.#armed.delete(name);
    this.#log("fault", `${name} disarmed`, { fault: name, armed: false });
  }

  list(): readonly FaultStatus[] {
    return FAULTS.map(({ name, about }) => {
      const armed = this.#armed.get(name);
      return { name, about, armed: armed !== undefined, acted: armed?.acted ?? 0, options: armed?.options ?? {} };
    });
  }

  ignoreM3(): boolean {
    return this.#any((hooks) => hooks.ignoreM3?.());
  }

  withholdReady(): boolean {
    return this.#any((hooks) => hooks.withholdReady?.());
  }

  loseCompletion(command: FaultCommand, channel: number): boolean {
    return this.#any((hooks) => hooks.loseCompletion?.(command, channel));
  }

  imageFate(stage: ImageStage): ImageFate | undefined {
    for (const { hooks } of this.#armed.values()) {
      const fate = hooks.imageFate?.(stage);
      if (fate !== undefined) return fate;
    }
    return undefined;
  }

  ignoreReset(): boolean {
    return this.#any((hooks) => hooks.ignoreReset?.());
  }

  ignoreM0(): boolean {
    return this.#any((hooks) => hooks.ignoreM0?.());
  }

  delayM0(): number {
    return Math.max(0, ...[...this.#armed.values()].map(({ hooks }) => hooks.delayM0?.() ?? 0));
  }

  events(ring: number, events: readonly PostedEvent[]): readonly PostedEvent[] {
    return this.#folded(events, (hooks, before) => hooks.events?.(ring, before));
  }

  readPointer(ring: number, rp: bigint): bigint {
    return this.#folded(rp, (hooks, before) => hooks.readPointer?.(ring, before));
  }

  loseInterrupt(vector: number): boolean {
    return this.#any((hooks) => hooks.loseInterrupt?.(vector));
  }

  registers(): ReadonlyMap<number, number> {
    return new Map([...this.#armed.values()].flatMap(({ hooks }) => [...(hooks.registers?.() ?? [])]));
  }

  silence(channel: string): boolean {
    return this.#any((hooks) => hooks.silence?.(channel));
  }

  enteredMissionMode(): void {
    for (const { hooks } of this.#armed.values()) hooks.enteredMissionMode?.();
  }

  reset(): void {
    for (const { hooks, timers } of this.#armed.values()) {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      hooks.reset?.();
    }
  }

  #any(ask: (hooks: FaultHooks) => boolean | undefined): boolean {
    return [...this.#armed.values()].some(({ hooks }) => ask(hooks) === true);
  }

  #folded<T>(value: T, change: (hooks: FaultHooks, before: T) => T | undefined): T {
    return [...this.#armed.values()].reduce((before, { hooks }) => change(hooks, before) ?? before, value);
  }

  #port(name: string, timers: Set<NodeJS.Timeout>): FaultPort {
    return {
      ...this.#device,
      acted: (text, fields) => {
        const armed = this.#armed.get(name);
        if (armed) armed.acted += 1;
        this.#log("fault", `${name}: ${text}`, { fault: name, ...fields });
      },
      later: (ms, run) => {
        const timer = setTimeout(() => {
          timers.delete(timer);
          run();
        }, ms);
        timers.add(timer);
      },
    };
  }
}
