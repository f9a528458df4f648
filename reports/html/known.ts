/** A failure known from the field: what it looks like, why, and what helps. */
import type { KnownLookup, Remedy } from "../../harness/record/known-text.ts";
import type { FindingRecord } from "../../harness/record/schema.ts";
import { markup as esc } from "../escape.ts";

/** Id, name and evidence are the record's; the rest, links above all, only ever our own table's. */
export function knownSection({ known, cause }: FindingRecord, lookup: KnownLookup): string {
  if (!known) return "";
  const line = (label: string, html: string): string => `<dt>${label}</dt><dd>${html}</dd>`;
  const text = lookup(known.id);
  const lines = [
    text ? line("symptom", esc(text.symptom)) : "",
    text && text.cause !== cause ? line("cause", esc(text.cause)) : "",
    ...(text?.remedy.map((remedy) => line("remedy", remedyText(remedy))) ?? []),
    text ? "" : line("", "this version knows nothing of it"),
    ...(known.evidence ?? []).map((piece, at) => line(at === 0 ? "told by" : "", esc(piece))),
  ];
  return `<div class="known"><h4>known as <b>${esc(known.id)}</b> ${esc(known.name)}</h4><dl>${lines.join("")}</dl></div>`;
}

function remedyText({ text, source }: Remedy): string {
  const host = /^https:\/\/([^/]+)\//.exec(source)?.[1];
  if (host === undefined) return esc(text);
  return `${esc(text)} <a class="source" href="${esc(source)}" rel="noreferrer noopener">${esc(host)}</a>`;
}
