/** Whether bytes are text that the engine can read something out of. */
import { BatchNames } from "../batch.ts";
import { LF } from "./byte-reader.ts";
import { TextForm } from "./form.ts";
import { classify, stripLine } from "./line-note.ts";
import { parseLogLine } from "./log-line.ts";
import { lineBytes, RecordParser, textOf } from "./record-parser.ts";

const SNIFFED_BYTES = 65_536;
const MAX_LINE_BYTES = 4096;
/** Serial consoles carry some control bytes; random bytes hold a tenth of them. */
const MAX_CONTROL_SHARE = 0.05;
/** Tab, line feed, vertical tab, form feed, carriage return, bell, backspace, escape. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([7, 8, 9, 10, 11, 12, 13, 27]);

/** @param head - the first bytes of the input, as many as are at hand; 64 KiB are looked at. */
export function sniffText(head: Uint8Array): { readonly form: string } | { readonly notText: string } {
  const bytes = head.subarray(0, SNIFFED_BYTES);
  if (bytes.length === 0) return { notText: "it is empty" };
  const binary = binaryReason(bytes);
  if (binary !== undefined) return { notText: binary };
  const form = new TextForm();
  const parser = new RecordParser(new BatchNames());
  let known = 0;
  let others = 0;
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(LF, at);
    const end = feed < 0 ? bytes.length : feed;
    const line = end - at < MAX_LINE_BYTES ? stripLine(textOf(bytes, at, end)) : undefined;
    if (line !== undefined && recognise(line, form, parser)) known++;
    else if (line?.trim() !== "") others++;
    at = end + 1;
  }
  if (others > 0 && form.tracerName !== "" && form.records + form.logLines === 0) {
    return { notText: `it is text of the tracer ${form.tracerName}, and holds no record of an event` };
  }
  if (known > 0) return { form: form.name };
  return {
    notText: `it is text, but no line of the first ${bytes.length} bytes is a trace record, a heading of ftrace or a kernel message`,
  };
}

function recognise(text: string, form: TextForm, parser: RecordParser): boolean {
  if (text.trim() === "") return false;
  const note = classify(text);
  if (note) {
    form.traceHeading ||= note.form === "trace";
    form.traceCmd ||= note.form === "trace-cmd";
    form.latency ||= note.form === "latency";
    form.dump ||= note.form === "dump";
    if (note.kind === "tracer") form.tracer = note.tracer;
    return note.form !== undefined || note.kind !== "heading";
  }
  const log = parseLogLine(text);
  const message = log ? text.slice(log.messageAt) : text;
  if (log) form.logLines++;
  if (log && classify(message)?.form === "dump") form.dump = true;
  if (!parser.find(lineBytes(message), 0)) return log !== undefined;
  form.records++;
  form.latency ||= parser.head.relative;
  return true;
}

function binaryReason(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return "it is UTF-16 text; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)";
  }
  let controls = 0;
  let firstAt = -1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 32 || TEXT_CONTROLS.has(byte)) continue;
    controls++;
    if (firstAt < 0) firstAt = at;
  }
  if (controls <= bytes.length * MAX_CONTROL_SHARE) return undefined;
  return `it is binary: ${controls} of the first ${bytes.length} bytes are no text, the first at offset ${firstAt}`;
}
