/**
 * What `mhi-hil check --json` writes: the verdict on each file, versioned. Times are nanoseconds on the recording's axis;
 * `originNs` is the trace clock's value at 0.
 */
import { z } from "zod";
import { eventRecordSchema, findingSchema, gapRecordSchema, measureSchema } from "./schema.ts";

export const CHECK_SCHEMA = "mhi-hil/check/1";

/** A finding, with the events that show it in place of their numbers. */
export const checkFindingSchema = findingSchema.omit({ because: true, segment: true }).extend({
  /** The device reached mission mode again after it. Absent where a rule was broken, and where evidence is missing. */
  recovered: z.boolean().optional(),
  /** The smallest sub-trace that shows it. */
  because: z.array(eventRecordSchema),
});

export const checkControllerSchema = z.object({
  /** `mhi0`; empty where no event names one: judged by the log alone. */
  controller: z.string(),
  outcome: z.enum(["pass", "fail", "inconclusive"]),
  /** All that failed was recovered from. */
  recovered: z.boolean(),
  story: z.string(),
  measures: z.array(measureSchema),
  findings: z.array(checkFindingSchema),
});

export const checkFileSchema = z.object({
  file: z.string(),
  /** As a person would say it: `trace.dat version 7, zstd`. */
  form: z.string(),
  kernel: z.string().nullable(),
  family: z.string(),
  /** How the family was found; empty when it was said. */
  familyFoundBy: z.string(),
  originNs: z.string().regex(/^\d+$/),
  fromNs: z.number(),
  toNs: z.number(),
  /** Events that were judged, and those of them that were kept: all, of a recording that is not large. */
  events: z.number().int(),
  eventsKept: z.number().int(),
  gaps: z.array(gapRecordSchema),
  notes: z.array(z.string()),
  controllers: z.array(checkControllerSchema),
});

export const checkDocumentSchema = z.object({
  schema: z.literal(CHECK_SCHEMA),
  /** Path of the page, where one was written. */
  report: z.string().optional(),
  exitCode: z.number().int(),
  files: z.array(checkFileSchema),
  /** Files that could not be read, and why. */
  unreadable: z.array(z.object({ file: z.string(), code: z.string(), message: z.string() })),
});
export type CheckDocument = z.infer<typeof checkDocumentSchema>;
