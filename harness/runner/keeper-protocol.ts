/** What the keeper of a rig says and takes, on its control socket and (to the process that started it) over IPC. */
import { z } from "zod";

export const sshAccessSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  user: z.string(),
  privateKeyPath: z.string().optional(),
  hostPublicKey: z.string().optional(),
});
export type SshAccess = z.infer<typeof sshAccessSchema>;

export const exitNoteSchema = z.object({
  /** One sentence: "QEMU was killed by signal SIGKILL". */
  why: z.string(),
  code: z.string(),
  controllerNs: z.number(),
});
export type ExitNote = z.infer<typeof exitNoteSchema>;

export const keeperStatusSchema = z.object({
  rigId: z.string(),
  rigPath: z.string(),
  pid: z.number().int(),
  since: z.string(),
  power: z.enum(["on", "off", "unknown"]),
  /** Counts power-ons, so that a client sees that the host is another boot. */
  boots: z.number().int(),
  accel: z.string().optional(),
  ssh: sshAccessSchema,
  consolePath: z.string().optional(),
  deviceLogPath: z.string().optional(),
  versions: z.record(z.string(), z.string()),
  faults: z.array(z.string()),
  claim: z.object({ who: z.string(), pid: z.number().int(), since: z.string() }).optional(),
  /** The host ended without being told to: cleared by the next power-on. */
  exit: exitNoteSchema.optional(),
  /** Set by the first test that could not bring the device up; later tests repeat it instead of waiting again. */
  broken: z.string().optional(),
});
export type KeeperStatus = z.infer<typeof keeperStatusSchema>;

export const consoleLinesSchema = z.array(z.object({ controllerNs: z.number(), text: z.string() }));

export const powerArgs = z.object({ state: z.enum(["on", "off"]) });
export const slotArgs = z.object({ action: z.enum(["unplug", "plug"]) });
export const faultArgs = z.object({
  name: z.string(),
  on: z.boolean(),
  options: z.record(z.string(), z.unknown()).optional(),
});
export const slotPowerArgs = z.object({ value: z.enum(["kept", "lost"]) });
/** low-power: from M0 to M2; wake: out of D3hot. */
export const askArgs = z.object({ for: z.enum(["low-power", "wake"]) });
export type DeviceAsk = z.infer<typeof askArgs>["for"];
export const sinceArgs = z.object({ sinceNs: z.number() });
export const claimArgs = z.object({ who: z.string(), pid: z.number().int() });
export const brokenArgs = z.object({ reason: z.string().nullable() });
export const consoleWriteArgs = z.object({ text: z.string() });

/** Sent over IPC to the process that started the keeper. */
export type KeeperNotice =
  | { readonly type: "progress"; readonly message: string; readonly bytesDone?: number; readonly bytesTotal?: number }
  | { readonly type: "ready"; readonly socket: string }
  | { readonly type: "error"; readonly code: string; readonly kind: string; readonly message: string };
