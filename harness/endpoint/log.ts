/**
 * The device log: the second witness of a run. One JSON object a line, appended to a file, with the controller's
 * monotonic time, so that it stands on the same axis as the rig controller's own log.
 *
 * Lines are gathered and written once per turn of the event loop: a register access is answered first, then logged.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { type Clock, systemClock } from "../base/clock.ts";
import { describeError, RigFault } from "../base/errors.ts";

export type DeviceLogKind =
  | "mmio-write"
  | "mmio-read"
  | "doorbell"
  | "command"
  | "event"
  | "msi"
  | "power"
  | "reset"
  | "firmware"
  | "fault"
  | "config"
  | "vfio"
  | "guest-error";

export type DeviceLogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface DeviceLogRecord extends DeviceLogFields {
  /** CLOCK_MONOTONIC of the controller, ns. */
  readonly controllerNs: number;
  readonly kind: DeviceLogKind;
  /** One readable line. */
  readonly text: string;
}

/** Takes one record; never throws. */
export type DeviceLog = (kind: DeviceLogKind, text: string, fields?: DeviceLogFields) => void;

export const silentLog: DeviceLog = () => {};

/** Gathers records in memory, for tests. */
export function memoryLog(clock: Clock = systemClock): { log: DeviceLog; records: DeviceLogRecord[] } {
  const records: DeviceLogRecord[] = [];
  const log: DeviceLog = (kind, text, fields) => {
    records.push({ controllerNs: clock.monotonicNs(), kind, text, ...fields });
  };
  return { log, records };
}

export class FileLog {
  readonly #path: string;
  readonly #clock: Clock;
  #descriptor: number | undefined;
  #pending: string[] = [];
  #scheduled = false;

  /** @throws RigFault `endpoint-log` when the file cannot be opened for appending. */
  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
    try {
      this.#descriptor = openSync(path, "a");
    } catch (error) {
      throw new RigFault("endpoint-log", `cannot open the device log ${path} for appending: ${describeError(error)}`, {
        cause: error,
        values: { path },
      });
    }
  }

  readonly log: DeviceLog = (kind, text, fields) => {
    if (this.#descriptor === undefined) return;
    this.#pending.push(JSON.stringify({ controllerNs: this.#clock.monotonicNs(), kind, text, ...fields }));
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  };

  /** Writes what is pending. A full disk ends the log with one line on stderr; the device goes on. */
  flush(): void {
    this.#scheduled = false;
    if (this.#descriptor === undefined || this.#pending.length === 0) return;
    const bytes = Buffer.from(`${this.#pending.join("\n")}\n`);
    this.#pending = [];
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      process.stderr.write(`endpoint: device log ${this.#path} ends here: ${describeError(error)}\n`);
      this.close();
    }
  }

  close(): void {
    this.flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
