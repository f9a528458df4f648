/**
 * Process entry of the keeper. Options come as one JSON argument; progress, readiness and errors go to the parent over
 * IPC. Unless `stay` is set it ends when its parent does, however that ended.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { describeError, HilError } from "../base/errors.ts";
import { loadRig } from "../rig/inventory/load.ts";
import { Keeper } from "./keeper.ts";
import type { KeeperNotice } from "./keeper-protocol.ts";
import { rigDirs } from "./paths.ts";

const optionsSchema = z.object({
  rig: z.string(),
  faults: z.array(z.string()),
  kernel: z.string().optional(),
  drivers: z.object({ kernelTree: z.string().exactOptional(), modules: z.string().exactOptional() }).optional(),
  who: z.string(),
  consoleLog: z.string(),
  /** Lives on after its parent (`mhi-hil lab up`). */
  stay: z.boolean(),
});
export type KeeperProcessOptions = z.infer<typeof optionsSchema>;

const notify = (notice: KeeperNotice): void => {
  if (process.connected) process.send?.(notice);
};

async function main(): Promise<number> {
  const options = optionsSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
  const abort = new AbortController();
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = () => {
      abort.abort();
      resolve();
    };
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  // One that stays lives on after its parent, but not before it is ready: nobody would know of it.
  let ready = false;
  process.on("disconnect", () => {
    if (!options.stay || !ready) end();
  });

  const rig = loadRig(options.rig, rigDirs());
  mkdirSync(dirname(options.consoleLog), { recursive: true });
  const keeper = await Keeper.start({
    rig,
    faults: options.faults,
    ...(options.kernel !== undefined && { kernel: options.kernel }),
    ...(options.drivers && { drivers: options.drivers }),
    who: options.who,
    consoleLog: options.consoleLog,
    signal: abort.signal,
    onProgress: (message, bytesDone, bytesTotal) =>
      notify({
        type: "progress",
        message,
        ...(bytesDone !== undefined && { bytesDone }),
        ...(bytesTotal !== undefined && { bytesTotal }),
      }),
  });
  ready = true;
  notify({ type: "ready", socket: keeper.socketPath });
  await Promise.race([ended, keeper.shutdownAsked]);
  const left = await keeper.close();
  for (const line of left) process.stderr.write(`not given back: ${line}\n`);
  return left.length === 0 ? 0 : 2;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const hil = error instanceof HilError ? error : undefined;
    notify({
      type: "error",
      code: hil?.code ?? "internal",
      kind: hil?.kind ?? "bug",
      message: hil ? describeError(hil) : String(error instanceof Error ? error.stack : error),
    });
    process.exitCode = 2;
    if (process.connected) process.disconnect();
    setTimeout(() => process.exit(2), 200);
  },
);
