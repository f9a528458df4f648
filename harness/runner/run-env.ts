/** What the run hands to Playwright's processes through the environment, and what they read back. */
import { z } from "zod";
import { UsageError } from "../base/errors.ts";
import { TRACE_SOURCES } from "../trace/probe/source-choice.ts";

export const RUN_ENV = "MHI_HIL_RUN";

const runEnvSchema = z.object({
  /** Run id, also the name of the run's folder. */
  id: z.string(),
  /** The run's folder, absolute. */
  dir: z.string(),
  rig: z.string(),
  /** Folder of the specs. */
  suites: z.string(),
  faults: z.array(z.string()),
  command: z.array(z.string()),
  startedAt: z.string(),
  startNs: z.number(),
  /** Human lines to stderr, so that stdout holds JSON alone. */
  json: z.boolean(),
  /** What the trace is made of, if not chosen by the kernel. */
  traceSource: z.enum(TRACE_SOURCES).optional(),
});
export type RunEnv = z.infer<typeof runEnvSchema>;

/**
 * The run that this process belongs to; undefined when somebody started Playwright by hand.
 *
 * @throws UsageError `run-env`: the variable was set by something else, or by another version.
 */
export function readRunEnv(env: NodeJS.ProcessEnv = process.env): RunEnv | undefined {
  const text = env[RUN_ENV];
  if (text === undefined) return undefined;
  try {
    return runEnvSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError("run-env", `${RUN_ENV} holds no run of this version of mhi-hil; unset it`, { cause });
  }
}

export const writeRunEnv = (run: RunEnv): Record<string, string> => ({ [RUN_ENV]: JSON.stringify(run) });
