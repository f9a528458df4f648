/**
 * The run record: what a run leaves behind, versioned. Written as `run.json` in the run's folder; the report is made
 * from it and from nothing else, so any later version of the report can be made from an old record.
 *
 * All `tNs` of one segment are on that segment's trace clock (CLOCK_BOOTTIME of one boot of the host). Controller-side
 * times (`controllerNs`) are CLOCK_MONOTONIC of the controller; `clock` of a segment maps them, with the uncertainty told.
 */
import { z } from "zod";

export const RUN_SCHEMA = "mhi-hil/run/1";

const ns = z.number();

export const outcomeSchema = z.enum(["pass", "fail", "inconclusive", "infra", "flaky", "skipped"]);
/**
 * pass: judged and right. fail: the product did wrong. inconclusive: evidence is missing (reason in the findings).
 * infra: the lab failed, nothing was judged. flaky: failed, then passed on a retry. skipped: not run, by the suite's own word.
 */
export type Outcome = z.infer<typeof outcomeSchema>;

/** A trace event, flat, as the trace engine typed it (harness/trace/mhi-events.ts). */
export const eventRecordSchema = z.looseObject({
  kind: z.enum(["pm", "worker", "intvec", "ring", "tre", "chan", "marker", "other"]),
  tNs: ns,
  cpu: z.number().int(),
});

export const gapRecordSchema = z.object({
  fromNs: ns,
  toNs: ns,
  reason: z.enum(["overrun", "dropped", "stream-lost", "host-down", "not-collecting", "cut", "damaged", "clock-step"]),
  cpu: z.number().int().optional(),
  lost: z.number().int().optional(),
  detail: z.string().optional(),
});

/** One boot of the host as far as a test saw it. */
export const segmentSchema = z.object({
  bootId: z.string(),
  kernel: z.string(),
  /** What the events are made of and what that cannot see; absent in records of before there was a choice. */
  source: z
    .object({
      name: z.enum(["events", "kprobes", "dynamic-debug"]),
      unseen: z.array(z.string()).readonly(),
      blindTo: z
        .array(z.enum(["pm", "worker", "intvec", "ctrl", "data", "tre", "chan"]))
        .readonly()
        .optional(),
      because: z.string().optional(),
    })
    .optional(),
  /** Host's trace clock minus controller's monotonic clock, ns, and the half width of what is known of it. */
  clock: z.array(z.object({ hostNs: ns, controllerNs: ns, uncertaintyNs: ns })),
  events: z.array(eventRecordSchema),
  gaps: z.array(gapRecordSchema),
  dmesg: z.array(z.object({ tNs: ns, level: z.number().int(), text: z.string() })),
});
export type SegmentRecord = z.infer<typeof segmentSchema>;

export const findingSchema = z.object({
  /** Rule or scenario id: `pm-transition`, `scenario/suspend`. */
  rule: z.string(),
  outcome: z.enum(["fail", "inconclusive"]),
  /** One sentence in an engineer's words: "resume: device did not acknowledge M0 within 8 s". */
  title: z.string(),
  expected: z.string(),
  found: z.string(),
  /** Where known: what explains it. */
  cause: z.string().optional(),
  /** Index into the test's segments; times on that segment's clock. */
  segment: z.number().int(),
  atNs: ns,
  fromNs: ns.optional(),
  /** Indices into the segment's events: the smallest sub-trace that shows it. */
  because: z.array(z.number().int()),
  /** Of a fail: the same for the same failure on another day and rig, `S-3f9a1c02`. Absent in older records. */
  signature: z
    .string()
    .regex(/^S-[0-9a-f]{8}$/)
    .optional(),
  /** A failure that was met in the field before, where the evidence shows that it is this one. */
  known: z.object({ id: z.string(), name: z.string(), evidence: z.array(z.string()).optional() }).optional(),
});
export type FindingRecord = z.infer<typeof findingSchema>;

/** A figure that an engineer reads first: "M3 2.1 ms". */
export const measureSchema = z.object({ name: z.string(), valueNs: ns });

/** What a test measured besides times: throughput, loss. */
export const figureSchema = z.object({ name: z.string(), value: z.number(), unit: z.string() });
export type FigureRecord = z.infer<typeof figureSchema>;

export const actionRecordSchema = z.object({
  name: z.string(),
  detail: z.string().optional(),
  controllerNs: ns,
  endControllerNs: ns,
  error: z.string().optional(),
});

export const consoleLineSchema = z.object({ controllerNs: ns, text: z.string() });

/** One line of the endpoint's own log: the second witness. Virtual rigs only. */
export const deviceLogLineSchema = z.object({
  controllerNs: ns,
  kind: z.string(),
  text: z.string(),
});

export const testRecordSchema = z.object({
  id: z.string(),
  area: z.string(),
  title: z.string(),
  file: z.string(),
  attempt: z.number().int(),
  outcome: outcomeSchema,
  durationMs: z.number(),
  startControllerNs: ns,
  /** Infra and inconclusive: the one sentence that says why. Fail: the first finding's title. */
  summary: z.string(),
  /** What happened, in short: "boot ok in 0.31 s; suspended once". */
  story: z.string(),
  findings: z.array(findingSchema),
  measures: z.array(measureSchema),
  /** Absent in older records. */
  figures: z.array(figureSchema).optional(),
  /** Ids of those that were followed to their end. Absent in older records. */
  scenarios: z.array(z.string()).optional(),
  segments: z.array(segmentSchema),
  actions: z.array(actionRecordSchema),
  console: z.array(consoleLineSchema),
  device: z.array(deviceLogLineSchema),
  /** Evidence files, relative to the run's folder. */
  files: z.array(z.string()),
});
export type TestRecord = z.infer<typeof testRecordSchema>;

const coveredSchema = z.object({ seen: z.array(z.string()), total: z.number().int() });

/** Edges as `FROM->TO`, channel commands as `NAME NUMBER COMMAND`. All but the PM edges is absent in older records. */
export const coverageSchema = z.object({
  pmEdgesSeen: z.array(z.string()),
  pmEdgesTotal: z.number().int(),
  /** The device that was exercised. */
  of: z.object({ family: z.string(), kernel: z.string().optional(), firmware: z.string().optional() }).optional(),
  ee: coveredSchema.optional(),
  channels: coveredSchema.optional(),
  scenarios: coveredSchema.optional(),
});
export type CoverageRecord = z.infer<typeof coverageSchema>;

export const runRecordSchema = z.object({
  schema: z.literal(RUN_SCHEMA),
  id: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  command: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  rig: z.object({
    id: z.string(),
    /** `recording`: no rig at all, a file was judged (`mhi-hil check`). */
    kind: z.enum(["virtual", "ssh", "recording"]),
    family: z.string(),
    host: z.string(),
    dut: z.string(),
    notes: z.array(z.string()),
  }),
  faults: z.array(z.string()),
  tests: z.array(testRecordSchema),
  coverage: coverageSchema,
  counts: z.record(outcomeSchema, z.number().int()),
  exitCode: z.number().int(),
  /** A fault of the rig or the run itself that no single test holds. */
  trouble: z.array(z.string()),
});
export type RunRecord = z.infer<typeof runRecordSchema>;
