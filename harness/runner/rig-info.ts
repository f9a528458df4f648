import { z } from "zod";
import { runRecordSchema, testRecordSchema } from "../record/schema.ts";

/** What a test leaves for the reporter: its record and the rig as it was then. One JSON file a test attempt. */
export const testFileSchema = z.object({
  rig: runRecordSchema.shape.rig,
  versions: runRecordSchema.shape.versions,
  record: testRecordSchema,
});
export type TestFile = z.infer<typeof testFileSchema>;

/** Name of the attachment that leads to that file. */
export const RECORD_ATTACHMENT = "mhi-hil-record";
