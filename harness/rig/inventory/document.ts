/** A YAML document that knows where each of its values stands. */
import { isCollection, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import { UsageError } from "../../base/errors.ts";

export type DocumentPath = readonly (string | number)[];

export interface LocatedDocument {
  readonly data: unknown;
  /** `line:column` of the value at `path`, or of the nearest collection around it. */
  locate(path: DocumentPath): string;
  /** `line:column` of the key `key` in the mapping at `path`. */
  locateKey(path: DocumentPath, key: string): string;
}

// A rig file is a page of text; anything larger is another file, and YAML aliases can blow up when expanded.
const MAX_BYTES = 64 * 1024;

const firstLine = (message: string): string => message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";

/** @throws UsageError `rig-file-syntax` with file, line and column. */
export function parseLocated(text: string, file: string): LocatedDocument {
  if (text.length > MAX_BYTES) {
    throw new UsageError("rig-file-syntax", `${file}: ${text.length} characters; a rig file has at most ${MAX_BYTES}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const problem = document.errors[0];
  if (problem) {
    const at = problem.linePos?.[0];
    const place = at ? `${file}:${at.line}:${at.col}` : file;
    throw new UsageError("rig-file-syntax", `${place}: not valid YAML: ${firstLine(problem.message)}`);
  }
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const locate = (path: DocumentPath): string => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    if (isNode(node) && node.range) return place(node.range[0]);
    return path.length === 0 ? "1:1" : locate(path.slice(0, -1));
  };
  const locateKey = (path: DocumentPath, key: string): string => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = isMap(node)
      ? node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    return pair && isScalar(pair.key) && pair.key.range ? place(pair.key.range[0]) : locate(path);
  };
  return { data: isCollection(document.contents) ? toPlain(document, file) : undefined, locate, locateKey };
}

/** Aliases are expanded here, under the parser's own limit. */
function toPlain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError("rig-file-syntax", `${file}: not valid YAML: ${reason}`, { cause });
  }
}
