/** Probes into the host's kernel and out again: what its structures and code are, and which probes it takes. */
import { RigFault } from "../../base/errors.ts";
import type { TraceShell } from "../trace-shell.ts";
import type { TracefsPlace } from "../tracefs.ts";
import { Btf } from "./btf.ts";
import { MODULE, PROBE_GROUP, type Probe, probeCandidates, unseenBy } from "./definitions.ts";
import { type DriverFunction, readBytes, readDriverCode } from "./driver-code.ts";
import { driverLayout } from "./driver-layout.ts";
import type { SeenKind } from "./source-choice.ts";

/** Defining some forty probes takes an emulated host a few seconds. */
const DEFINE_MS = 60_000;

const unusable = (why: string): RigFault => new RigFault("trace-no-kprobes", why);

export interface DefinedProbes {
  readonly accepted: readonly Probe[];
  readonly unseen: readonly string[];
  readonly blindTo: readonly SeenKind[];
}

/**
 * Finds out where the driver does what the probes must see, and defines them; they are off until their events are enabled.
 *
 * @throws RigFault `trace-no-kprobes` in one clause for "kprobes cannot be used: ...".
 */
export async function defineProbes(shell: TraceShell, place: TracefsPlace): Promise<DefinedProbes> {
  await checkKernel(shell, place);
  const layout = driverLayout(await readBtf(shell));
  if (typeof layout === "string") throw unusable(layout);
  const functions = await readDriverCode(shell, MODULE).catch((error: unknown) => {
    throw error instanceof RigFault ? unusable(error.message) : error;
  });
  const candidates = probeCandidates(functions, layout);
  const accepted = await define(shell, place, candidates);
  const unseen = unseenBy(accepted, functions);
  const vital = unseen.filter((one) => one.vital).map(({ what }) => what);
  if (vital.length > 0) {
    await removeProbes(shell, place);
    throw unusable(
      `in this build of the driver they would not see ${vital.join(", ")}${refusals(candidates, accepted, functions)}`,
    );
  }
  return { accepted, unseen: unseen.map(({ what }) => what), blindTo: unseen.map(({ kind }) => kind) };
}

const refusals = (
  candidates: readonly Probe[],
  accepted: readonly Probe[],
  functions: ReadonlyMap<string, DriverFunction>,
): string => ` (${functions.size} functions, ${candidates.length} places, ${accepted.length} probes taken)`;

/** Switches them off and takes them away, ours alone. Never throws: what stays costs nothing while it is off. */
export async function removeProbes(shell: TraceShell, place: TracefsPlace): Promise<void> {
  const events = `${place.root}/kprobe_events`;
  const remove = `sed -n 's|^[pr][0-9]*:\\(${PROBE_GROUP}/[a-z_0-9]*\\) .*|-:\\1|p' ${events} | while read -r line; do echo "$line" >> ${events}; done`;
  await shell.exec(`[ ! -e ${events} ] || ${remove} 2>/dev/null`, { timeoutMs: DEFINE_MS }).catch(() => undefined);
}

async function checkKernel(shell: TraceShell, place: TracefsPlace): Promise<void> {
  const command = `uname -m; [ -e ${place.root}/kprobe_events ] && echo kprobes; ls /sys/kernel/btf/vmlinux /sys/kernel/btf/${MODULE} 2>/dev/null`;
  const answer = (await shell.exec(command)).stdout.split("\n");
  const [machine = "?"] = answer;
  if (machine !== "x86_64") throw unusable(`they are known for x86_64 only, and this host is ${machine}`);
  if (!answer.includes("kprobes")) throw unusable("the kernel has no kprobe events (CONFIG_KPROBE_EVENTS)");
  const missing = ["vmlinux", MODULE].filter((name) => !answer.includes(`/sys/kernel/btf/${name}`));
  if (missing.length > 0) {
    throw unusable(`the kernel does not tell its structures (no /sys/kernel/btf/${missing[0]}; CONFIG_DEBUG_INFO_BTF)`);
  }
}

async function readBtf(shell: TraceShell): Promise<Btf> {
  const base = new Btf(await readBytes(shell, "cat /sys/kernel/btf/vmlinux"));
  return new Btf(await readBytes(shell, `cat /sys/kernel/btf/${MODULE}`), base);
}

/** Hands them over one by one; the kernel refuses what does not begin at an instruction. */
async function define(shell: TraceShell, place: TracefsPlace, candidates: readonly Probe[]): Promise<Probe[]> {
  const events = `${place.root}/kprobe_events`;
  const loop = `while IFS= read -r line; do { printf '%s\\n' "$line" >> ${events}; } 2>/dev/null && echo taken || echo refused; done`;
  const input = candidates.map(({ line }) => `${line}\n`).join("");
  const result = await shell.exec(loop, { timeoutMs: DEFINE_MS, input });
  const answers = result.stdout.trim().split("\n");
  return candidates.filter((_, index) => answers[index] === "taken");
}
