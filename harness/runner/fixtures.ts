/** Playwright's fixtures: `rig` lives as long as a worker, `timeline` as long as a test. */
import { test as base } from "@playwright/test";
import { RigFault, UsageError } from "../base/errors.ts";
import { shellOptionsOf } from "../rig/access.ts";
import { loadRig } from "../rig/inventory/load.ts";
import type { RigFile } from "../rig/inventory/schema.ts";
import type { SshShellOptions } from "../rig/shell/ssh-shell.ts";
import { HostLink } from "./host-link.ts";
import { KeeperClient, startKeeper } from "./keeper-client.ts";
import type { KeeperStatus } from "./keeper-protocol.ts";
import { expectTrace } from "./matchers/index.ts";
import { reportsDir, rigDirs } from "./paths.ts";
import { Rig } from "./rig.ts";
import { readRunEnv } from "./run-env.ts";
import { StartingPoint } from "./starting-point.ts";
import { type AttachedRig, type NeighbourTrace, type StartFrom, TestSession } from "./test-session.ts";
import type { Trace } from "./trace.ts";

interface TestFixtures {
  /** Where the test starts; set it with `test.use({ startFrom: "host" })`. */
  startFrom: StartFrom;
  /** Evidence of this test: its trace, live. (`trace` is taken: Playwright's own option.) */
  timeline: Trace;
  /** The same of each other device of the host, in the order of the rig file. */
  neighbours: readonly NeighbourTrace[];
  session: TestSession;
}

interface WorkerFixtures {
  /** Rig file of the project. */
  rigPath: string;
  attached: AttachedRig;
  /** Of the worker, so that `test.skip(({ rig }) => ...)` at the head of a file skips before the rig is brought anywhere. */
  rig: Rig;
}

/** Attaching includes a boot where the rig was off. */
const ATTACH_MS = 180_000;

export const test = base.extend<TestFixtures, WorkerFixtures>({
  rigPath: ["virtual-sdx55", { option: true, scope: "worker" }],
  startFrom: ["mission-mode", { option: true }],
  attached: [
    async ({ rigPath }, use) => {
      const file = loadRig(rigPath, rigDirs());
      const { keeper, release } = await findKeeper(file);
      const rig = new Rig(file, keeper, hostLink(file, keeper));
      await use({ rig, keeper, start: new StartingPoint(rig, keeper) });
      await rig.host.close();
      await release();
    },
    { scope: "worker", timeout: ATTACH_MS },
  ],
  rig: [async ({ attached }, use) => use(attached.rig), { scope: "worker" }],
  session: [
    async ({ attached, startFrom }, use, info) => {
      const session = await TestSession.begin(attached, info, startFrom);
      try {
        session.ready();
        await use(session);
      } finally {
        await session.end();
      }
    },
    { auto: true, timeout: ATTACH_MS },
  ],
  timeline: async ({ session }, use) => use(session.trace),
  neighbours: async ({ session }, use) => use(session.others),
});

export const expect = expectTrace;

/** The run's keeper, or one of our own when somebody started Playwright by hand. */
async function findKeeper(file: RigFile): Promise<{ keeper: KeeperClient; release: () => Promise<void> }> {
  const found = await KeeperClient.find(file.id);
  if (found) return { keeper: found, release: async () => found.close() };
  if (readRunEnv())
    throw new RigFault("keeper-ended", `the keeper of rig ${file.id} has ended; the rig is not held any more`);
  const started = await startKeeper(
    { rig: file.path, faults: [], who: "playwright test", consoleLog: `${reportsDir()}/console.jsonl`, stay: false },
    () => undefined,
  );
  const keeper = await KeeperClient.find(file.id);
  if (!keeper) throw new RigFault("keeper-ended", `the keeper of rig ${file.id} ended right after it was ready`);
  return {
    keeper,
    release: async () => {
      keeper.close();
      await started.stop();
    },
  };
}

function hostLink(file: RigFile, keeper: KeeperClient): HostLink {
  const traceSource = readRunEnv()?.traceSource;
  return new HostLink({
    keeper,
    ssh: async () => sshOptions(file, await keeper.status()),
    bootTimeoutMs: file.kind === "ssh" ? file.timeouts.bootMs : 90_000,
    rawDir: `${readRunEnv()?.dir ?? reportsDir()}/trace/worker-${process.pid}`,
    ...(traceSource && { traceSource }),
  });
}

function sshOptions(file: RigFile, status: KeeperStatus): SshShellOptions {
  if (file.kind === "ssh") return shellOptionsOf(file);
  const { host, port, user, privateKeyPath, hostPublicKey } = status.ssh;
  if (!privateKeyPath || !hostPublicKey) throw new UsageError("no-lab-key", `rig ${file.id}: the lab named no key`);
  return {
    host,
    port,
    user,
    auth: { by: "keyFile", file: privateKeyPath },
    hostKey: { by: "publicKey", key: hostPublicKey },
  };
}
