/** What the run hands to Playwright's processes through the environment, and what they read back. */
import { z } from "zod";

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
});
export type RunEnv = z.infer<typeof runEnvSchema>;

/** The run that this process belongs to; undefined when somebody started Playwright by hand. */
export function readRunEnv(env: NodeJS.ProcessEnv = process.env): RunEnv | undefined {
  const text = env[RUN_ENV];
  return text === undefined ? undefined : runEnvSchema.parse(JSON.parse(text));
}

export const writeRunEnv = (run: RunEnv): Record<string, string> => ({ [RUN_ENV]: JSON.stringify(run) });
