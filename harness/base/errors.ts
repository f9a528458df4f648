/**
 * The errors of the house. Each carries a stable code, the values that it speaks of, and a message that says
 * what was expected, what was found and what to do next.
 *
 * - `RigFault`: the lab failed. Outcome `infra`; may be retried.
 * - `DutFault`: the product failed. Outcome `fail`; never retried.
 * - `UsageError`: the caller's input is off (a rig file, an option). Exit code 2, like a rig fault.
 *
 * Anything else that is thrown is our own bug.
 */
export type ErrorValues = Readonly<Record<string, string | number | boolean | undefined>>;

export abstract class HilError extends Error {
  abstract readonly kind: "rig" | "dut" | "usage";
  readonly code: string;
  readonly values: ErrorValues;

  constructor(code: string, message: string, options: { cause?: unknown; values?: ErrorValues } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.values = options.values ?? {};
  }
}

export class RigFault extends HilError {
  override readonly kind = "rig";
}

export class DutFault extends HilError {
  override readonly kind = "dut";
}

export class UsageError extends HilError {
  override readonly kind = "usage";
}

/** One line for a person: the message, and the innermost cause where it adds something. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  let inner = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  const cause = inner.message;
  return cause && !error.message.includes(cause) ? `${error.message} (${cause})` : error.message;
}

/** An invariant of our own code; its failure is a bug of ours, never a verdict. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}
