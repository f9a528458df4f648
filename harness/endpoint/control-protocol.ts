/**
 * The endpoint's control socket: JSON, one object a line.
 *
 *   -> {"id":1,"op":"status","args":{}}
 *   <- {"id":1,"ok":true,"result":{...}}   or   {"id":1,"ok":false,"error":{"code":"...","message":"..."}}
 */

import type { FaultStatus } from "./faults/board.ts";
import type { SysErrVia } from "./faults/fault.ts";
import type { Signalled } from "./mhi-device/device.ts";

/** What becomes of the device's power while the host is in S3. */
export type SlotPower = "kept" | "lost";

export interface EndpointStatus {
  readonly profile: string;
  readonly mhiState: string;
  readonly execEnv: string;
  /** D0 or D3. */
  readonly pciPower: string;
  /** A machine is connected: the device has power. */
  readonly connected: boolean;
  /** Off the bus. */
  readonly gone: boolean;
  readonly slotPower: SlotPower;
  /** The armed ones. */
  readonly faults: readonly FaultStatus[];
  /** Since the process started; `channelsStarted` is now. */
  readonly counters: {
    readonly eventsPosted: number;
    readonly commandsCompleted: number;
    readonly transfers: number;
    readonly channelsStarted: number;
    readonly guestErrors: number;
    readonly connections: number;
    readonly interrupts: number;
    readonly lostInterrupts: number;
  };
}

/** Operation, its arguments, its result. */
export interface ControlOps {
  readonly status: { readonly args: Record<string, never>; readonly result: EndpointStatus };
  readonly "fault.set": {
    readonly args: {
      readonly name: string;
      readonly on: boolean;
      readonly options?: Readonly<Record<string, string | number>>;
    };
    readonly result: readonly FaultStatus[];
  };
  readonly "fault.list": { readonly args: Record<string, never>; readonly result: readonly FaultStatus[] };
  readonly "slot-power.set": { readonly args: { readonly value: SlotPower }; readonly result: EndpointStatus };
  readonly "sys-err": { readonly args: { readonly via?: SysErrVia }; readonly result: Signalled };
  readonly "low-power": { readonly args: Record<string, never>; readonly result: Signalled };
  readonly wake: { readonly args: Record<string, never>; readonly result: Signalled };
  readonly "device.gone": { readonly args: Record<string, never>; readonly result: EndpointStatus };
  readonly "device.back": { readonly args: Record<string, never>; readonly result: EndpointStatus };
}
export type ControlOp = keyof ControlOps;

export type ControlReply =
  | { readonly id: number | null; readonly ok: true; readonly result: unknown }
  | {
      readonly id: number | null;
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string };
    };

/** A request line longer than this is refused and its client cut off. */
export const MAX_LINE_BYTES = 64 * 1024;
