/**
 * One boot's evidence, told apart by device. The trace and the driver's log name controllers (`mhi0`), sysfs says which PCI
 * device each one stands for; a controller that sysfs has not named counts as the DUT's.
 */
import type { LogLine } from "../judge/evidence.ts";
import type { MhiController } from "../rig/host/mhi-bus.ts";
import type { TraceEvent } from "../trace/mhi-events.ts";
import type { LiveSegment } from "./segment.ts";

/** A list that only grows, and the part of it that belongs to one device. */
class GrowingPart<T> {
  readonly #belongs: (entry: T) => boolean;
  readonly #part: T[] = [];
  #seen = 0;

  constructor(belongs: (entry: T) => boolean) {
    this.#belongs = belongs;
  }

  of(all: readonly T[]): readonly T[] {
    for (; this.#seen < all.length; this.#seen++) {
      const entry = all[this.#seen];
      if (entry !== undefined && this.#belongs(entry)) this.#part.push(entry);
    }
    return this.#part;
  }
}

export class SegmentSplit {
  readonly #whole: LiveSegment;
  /** PCI address of a controller, by its name. */
  readonly #owners = new Map<string, string>();
  readonly #asked = new Set<string>();
  #heard = 0;

  constructor(whole: LiveSegment) {
    this.#whole = whole;
  }

  /** True where the trace names a controller that sysfs has not been asked about. */
  hasUnheard(): boolean {
    const { events } = this.#whole;
    const before = this.#asked.size;
    for (; this.#heard < events.length; this.#heard++) {
      const event = events[this.#heard];
      if (event && "controller" in event) this.#asked.add(event.controller);
    }
    return this.#asked.size > before;
  }

  /** What sysfs says now. A controller that is gone keeps its owner: the next one to take its name is told anew. */
  learn(controllers: readonly MhiController[]): void {
    for (const { name, pciAddress } of controllers) if (pciAddress) this.#owners.set(name, pciAddress);
  }

  /** Evidence of the DUT at `address`: all that is not known to be another's. */
  ofDut(address: () => string | undefined): LiveSegment {
    return this.#part((owner) => owner === undefined || address() === undefined || owner === address());
  }

  /** Evidence of another device. */
  of(address: string): LiveSegment {
    return this.#part((owner) => owner === address);
  }

  #part(isOurs: (owner: string | undefined) => boolean): LiveSegment {
    const whole = this.#whole;
    const events = new GrowingPart<TraceEvent>(
      (event) => !("controller" in event) || isOurs(this.#owners.get(event.controller)),
    );
    const dmesg = new GrowingPart<LogLine>(({ text }) => {
      const named = this.#namedIn(text);
      return named.length === 0 || named.some((owner) => isOurs(owner));
    });
    return {
      bootId: whole.bootId,
      kernel: whole.kernel,
      ...(whole.source && { source: whole.source }),
      get events() {
        return events.of(whole.events);
      },
      get gaps() {
        return whole.gaps;
      },
      get clock() {
        return whole.clock;
      },
      get watermarkNs() {
        return whole.watermarkNs;
      },
      get dmesg() {
        return dmesg.of(whole.dmesg);
      },
    };
  }

  /** Owners of the controllers and devices that a line of the log names. */
  #namedIn(text: string): string[] {
    const byController = [...text.matchAll(/\bmhi\d+(?=[:_\s])/g)].map(([name]) => this.#owners.get(name));
    const byAddress = [...this.#owners.values()].filter((address) => text.includes(address));
    return [...byController.filter((owner) => owner !== undefined), ...byAddress];
  }
}
