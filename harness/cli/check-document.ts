/** Verdicts on recordings as one JSON document, of the schema that is told (harness/record/check-schema.ts). */
import type { Checked, CheckedFinding } from "../judge/recording/check.ts";
import { CHECK_SCHEMA, type CheckDocument, checkDocumentSchema } from "../record/check-schema.ts";
import type { CheckedFile } from "./check-record.ts";

export interface Unreadable {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

export function checkDocument(
  files: readonly CheckedFile[],
  unreadable: readonly Unreadable[],
  { exitCode, report }: { readonly exitCode: number; readonly report?: string },
): CheckDocument {
  return checkDocumentSchema.parse({
    schema: CHECK_SCHEMA,
    ...(report === undefined ? {} : { report }),
    exitCode,
    files: files.map(fileDocument),
    unreadable,
  });
}

function fileDocument({ path, recording, checked }: CheckedFile): unknown {
  const { form, kernel, family, originNs, fromNs, toNs, counted, events, gaps, notes } = recording;
  return {
    file: path,
    form,
    kernel: kernel ?? null,
    family: family.family.id,
    familyFoundBy: family.how,
    originNs: originNs.toString(),
    fromNs,
    toNs,
    events: counted,
    eventsKept: events.length,
    gaps,
    notes,
    controllers: checked.map(({ controller, outcome, recovered, verdict, findings, evidence }) => ({
      controller,
      outcome,
      recovered,
      story: verdict.story,
      measures: verdict.measures,
      findings: findings.map((finding) => findingDocument(finding, evidence)),
    })),
  };
}

const findingDocument = (
  { because, segment: _, ...finding }: CheckedFinding,
  { events }: Checked["evidence"],
): unknown => ({ ...finding, because: because.flatMap((index) => events[index] ?? []) });
