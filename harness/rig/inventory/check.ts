/** From YAML text to a checked rig file; each thing that is wrong becomes one sentence with its place. */
import type { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import { type DocumentPath, type LocatedDocument, parseLocated } from "./document.ts";
import { nearest } from "./nearest.ts";
import { type RigConfig, rigConfigSchema } from "./schema.ts";
import { choicesAt, keysAt } from "./shape.ts";

const SECRET_KEY = /^(pass(word|phrase|wd)?|secret|token|api_?key|private_?key|credentials?)$/i;
const SECRET_ARGUMENT = /(pass(word|wd)?|secret|token)=./i;
const MAX_SENTENCES = 5;

/** @throws UsageError `rig-file-syntax`, `rig-file-secret` or `rig-file-invalid`; one line a problem. */
export function checkRigText(text: string, file: string): RigConfig {
  const document = parseLocated(text, file);
  if (document.data === undefined || Array.isArray(document.data)) {
    throw new UsageError(
      "rig-file-invalid",
      `${file}:1:1: expected a mapping that starts with \`kind: virtual\` or \`kind: ssh\`, found ${document.data === undefined ? "nothing of the kind" : "a list"}`,
    );
  }
  refuseSecrets(document, document.data, [], file);
  const result = rigConfigSchema.safeParse(document.data);
  if (result.success) return result.data;
  const sentences = result.error.issues.flatMap((issue) => sentencesFor(issue, document, file));
  const shown = sentences.slice(0, MAX_SENTENCES);
  if (sentences.length > shown.length) shown.push(`${file}: and ${sentences.length - shown.length} more`);
  throw new UsageError("rig-file-invalid", shown.join("\n"), { values: { file } });
}

/** A rig file is shared and stands in a repository: a secret in it is an error even where the key is unknown anyway. */
function refuseSecrets(document: LocatedDocument, value: unknown, path: DocumentPath, file: string): void {
  if (typeof value === "string" && SECRET_ARGUMENT.test(value)) {
    throw secretError(`${file}:${document.locate(path)}`, "this argument holds a secret");
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && SECRET_KEY.test(key)) {
      throw secretError(`${file}:${document.locateKey(path, key)}`, `\`${key}\` holds a secret`);
    }
    refuseSecrets(document, inner, [...path, Array.isArray(value) ? Number(key) : key], file);
  }
}

const secretError = (place: string, what: string): UsageError =>
  new UsageError(
    "rig-file-secret",
    `${place}: ${what}, which must not stand in a rig file; put it into the environment and name the variable ` +
      "(`auth: {by: passwordEnv, env: NAME}`), or use the SSH agent (`auth: {by: agent}`)",
  );

function sentencesFor(issue: z.core.$ZodIssue, document: LocatedDocument, file: string): string[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(key, path, document, file));
  }
  return [`${file}:${document.locate(path)}: ${nameOf(path)}: ${expectation(issue, path, document)}`];
}

function unknownKey(key: string, path: DocumentPath, document: LocatedDocument, file: string): string {
  const known = keysAt(path, document.data);
  const near = nearest(key, known);
  const hint = near ? `did you mean "${near}"?` : `expected one of: ${known.join(", ")}`;
  const where = path.length === 0 ? "" : ` in ${nameOf(path)}`;
  return `${file}:${document.locateKey(path, key)}: unknown key "${key}"${where}; ${hint}`;
}

function expectation(issue: z.core.$ZodIssue, path: DocumentPath, document: LocatedDocument): string {
  const found = inWords(valueAt(document.data, path));
  const choices = choicesAt(path, document.data);
  if (choices.length > 0) {
    const value = valueAt(document.data, path);
    const near = typeof value === "string" ? nearest(value, choices) : undefined;
    const hint = near ? `; did you mean "${near}"?` : "";
    return `expected ${choices.length === 1 ? "" : "one of: "}${choices.join(", ")}; found ${found}${hint}`;
  }
  if (issue.code === "custom") return issue.message;
  return `expected ${bounds(issue)}; found ${found}`;
}

function bounds(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_NAMES[issue.expected] ?? `a ${issue.expected}`;
    case "too_small":
      return `${SIZE_NAMES[issue.origin] ?? ""}at least ${issue.minimum}`;
    case "too_big":
      return `${SIZE_NAMES[issue.origin] ?? ""}at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: "a mapping",
  array: "a list",
  string: "text",
  int: "a whole number",
  number: "a number",
};

const SIZE_NAMES: Readonly<Record<string, string>> = { array: "a list of ", string: "a text of length " };

const nameOf = (path: DocumentPath): string =>
  path.length === 0
    ? "the rig"
    : path.map((step, index) => (typeof step === "number" ? `[${step}]` : `${index ? "." : ""}${step}`)).join("");

const valueAt = (data: unknown, path: DocumentPath): unknown =>
  path.reduce<unknown>(
    (value, step) => (typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined),
    data,
  );

function inWords(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
}
