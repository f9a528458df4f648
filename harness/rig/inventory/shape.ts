/** Which keys and values the rig file's schema allows at a place of the document: for errors that name the nearest. */
import { z } from "zod";
import { rigJsonSchema } from "./schema.ts";

type Path = readonly (string | number)[];

const nodeSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
});
type Node = z.infer<typeof nodeSchema>;

const asNode = (value: unknown): Node | undefined => nodeSchema.safeParse(value).data;

function alternatives(node: Node): Node[] {
  const inner = node.oneOf ?? node.anyOf;
  return inner ? inner.flatMap((entry) => (asNode(entry) ? alternatives(nodeSchema.parse(entry)) : [])) : [node];
}

const member = (value: unknown, key: string | number): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;

/** Alternatives whose fixed members (`kind: ssh`) agree with what the document says. */
function agreeing(node: Node, value: unknown): Node[] {
  const all = alternatives(node);
  const fitting = all.filter((entry) =>
    Object.entries(entry.properties ?? {}).every(([key, property]) => {
      const fixed = asNode(property)?.const;
      return fixed === undefined || member(value, key) === fixed;
    }),
  );
  return fitting.length > 0 ? fitting : all;
}

function nodesAt(path: Path, data: unknown): Node[] {
  let nodes = agreeing(nodeSchema.parse(rigJsonSchema()), data);
  let value = data;
  for (const step of path) {
    value = member(value, step);
    const next = nodes.map((node) => asNode(typeof step === "number" ? node.items : node.properties?.[step]));
    nodes = next.flatMap((node) => (node ? agreeing(node, value) : []));
  }
  return nodes;
}

/** Keys that a mapping at `path` may have. */
export const keysAt = (path: Path, data: unknown): string[] => [
  ...new Set(nodesAt(path, data).flatMap((node) => Object.keys(node.properties ?? {}))),
];

/** Literal values that a scalar at `path` may have; empty where it is not a choice. */
export const choicesAt = (path: Path, data: unknown): string[] => [
  ...new Set(
    nodesAt(path, data).flatMap((node) =>
      node.const !== undefined ? [String(node.const)] : (node.enum ?? []).map((entry) => String(entry)),
    ),
  ),
];
