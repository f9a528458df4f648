/**
 * Run record -> one HTML page that needs nothing else: no request, no framework, opens from a file.
 *
 * Whatever a device, a trace or a host said is escaped where it stands in HTML and carried as JSON without `<`
 * elsewhere; the page's policy runs the one script whose hash it names, and nothing can be fetched.
 */
import { createHash } from "node:crypto";
import type { KnownLookup } from "../../harness/record/known-text.ts";
import { recordNames } from "../../harness/record/names.ts";
import type { RunRecord } from "../../harness/record/schema.ts";
import { markup as esc, jsonBlock } from "../escape.ts";
import { encodeTest } from "./encode.ts";
import { pageScript } from "./page-script.ts";
import { head, readingOrder, testSection } from "./sections.ts";
import { STYLE } from "./style.ts";

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export interface RenderOptions {
  /** The page's own script; tests pass a freshly bundled one. */
  readonly script?: string;
  /** What is known of a failure that the record names by id: text and links are never the record's. */
  readonly known?: KnownLookup;
}

/**
 * @throws RigFault `page-script-missing` when the build has not made it.
 */
export function renderHtml(run: RunRecord, options: RenderOptions = {}): string {
  const { script = pageScript(), known = () => undefined } = options;
  // An inline script ends at the first "</script", wherever it stands.
  const code = script.replaceAll("</script", "<\\/script");
  const policy = `default-src 'none'; script-src ${hash(code)}; style-src ${hash(STYLE)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${esc(pageTitle(run))}</title>
<style>${STYLE}</style>
</head>
<body>
${body(run, known)}
<script>${code}</script>
</body>
</html>
`;
}

function pageTitle(run: RunRecord): string {
  const bad = run.counts.fail > 0 ? `${run.counts.fail} FAIL` : `${run.counts.pass} ok`;
  return `${bad} - ${run.rig.id} ${run.id}`;
}

function body(run: RunRecord, known: KnownLookup): string {
  const names = recordNames(run.rig.family);
  const order = readingOrder(run.tests);
  const sections: string[] = [];
  const blocks: string[] = [];
  for (const [place, index] of order.entries()) {
    const test = run.tests[index];
    if (!test) continue;
    const data = encodeTest(test);
    const open = place === 0 && test.outcome !== "pass" && test.outcome !== "skipped";
    sections.push(testSection(test, index, { data, names, known, open }));
    // A block a test, parsed when the test is opened: a page with a night's tests opens at once.
    blocks.push(`<script type="application/json" id="data-${index}">${jsonBlock(data)}</script>`);
  }
  const empty = run.tests.length === 0 ? '<p class="notice trouble">no test ran</p>' : "";
  return `${head(run)}
<main>${empty}
${sections.join("\n")}
</main>
<footer>mhi-hil run record ${esc(run.schema)}. All times of the trace are seconds of the host's boot clock.</footer>
<script type="application/json" id="names">${jsonBlock(names)}</script>
${blocks.join("\n")}`;
}
