/** The driver's functions as they lie in the running kernel's memory: names and addresses from kallsyms, bytes from kcore. */
import { RigFault } from "../../base/errors.ts";
import type { TraceShell } from "../trace-shell.ts";

export interface DriverFunction {
  readonly name: string;
  readonly address: bigint;
  readonly code: Uint8Array;
}

export interface DriverSymbol {
  readonly name: string;
  readonly address: bigint;
  /** To the next symbol. */
  readonly bytes: number;
}

/** The last function of a section has no next one; none of the driver's is longer than that. */
const LONGEST_BYTES = 8192;
const PAGE_BYTES = 4096;

/** `ffffffffc0256000 t mhi_free_controller	[mhi]` lines -> functions by address. */
export function moduleFunctions(kallsyms: string, module: string): DriverSymbol[] {
  const found: { name: string; address: bigint }[] = [];
  for (const line of kallsyms.split("\n")) {
    const [, address = "", name = "", owner = ""] = /^([0-9a-f]+) [tT] (\S+)\s+\[(\S+)\]$/.exec(line) ?? [];
    if (owner === module && /[1-9a-f]/.test(address)) found.push({ name, address: BigInt(`0x${address}`) });
  }
  found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  return found.map(({ name, address }, index) => {
    const next = found.slice(index + 1).find((other) => other.address > address);
    const bytes = next ? Number(next.address - address) : LONGEST_BYTES;
    return { name, address, bytes: Math.min(bytes, LONGEST_BYTES) };
  });
}

/** Where an address lies in /proc/kcore: by its program headers (ELF64). Undefined when no segment holds it. */
export function kcoreOffset(header: Uint8Array, address: bigint): bigint | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < 64 || view.getUint32(0, false) !== 0x7f454c46 || view.getUint8(4) !== 2) return undefined;
  const table = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  for (let entry = 0; entry < count; entry++) {
    const at = table + entry * size;
    if (at + 48 > header.length) return undefined;
    const start = view.getBigUint64(at + 16, true);
    const isLoad = view.getUint32(at, true) === 1;
    if (isLoad && address >= start && address < start + view.getBigUint64(at + 40, true)) {
      return view.getBigUint64(at + 8, true) + (address - start);
    }
  }
  return undefined;
}

/**
 * The module's functions with their code.
 *
 * @throws RigFault `trace-no-code` when the kernel does not show them.
 */
export async function readDriverCode(shell: TraceShell, module: string): Promise<Map<string, DriverFunction>> {
  const kallsyms = await shell.exec(`grep '\\[${module}\\]' /proc/kallsyms`, { timeoutMs: 30_000 });
  const symbols = moduleFunctions(kallsyms.stdout, module);
  if (symbols.length === 0) throw new RigFault("trace-no-code", `no function of module ${module} in /proc/kallsyms`);
  const header = await readBytes(shell, `dd if=/proc/kcore bs=${PAGE_BYTES} count=4`);
  const functions = new Map<string, DriverFunction>();
  // The sections of a module lie close together, but not side by side: one look for each run of pages.
  for (const run of pageRuns(symbols)) {
    const memory = await readMemory(shell, header, run);
    for (const { name, address, bytes } of run.symbols) {
      const at = Number(address - run.from);
      functions.set(name, { name, address, code: memory.subarray(at, at + bytes) });
    }
  }
  return functions;
}

async function readMemory(shell: TraceShell, header: Uint8Array, run: PageRun): Promise<Uint8Array> {
  const page = BigInt(PAGE_BYTES);
  const offset = kcoreOffset(header, run.from);
  if (offset === undefined || offset % page !== 0n) {
    throw new RigFault("trace-no-code", `/proc/kcore does not show the memory at 0x${run.from.toString(16)}`);
  }
  return readBytes(
    shell,
    `dd if=/proc/kcore bs=${PAGE_BYTES} skip=${offset / page} count=${(run.to - run.from) / page}`,
  );
}

interface PageRun {
  readonly from: bigint;
  to: bigint;
  readonly symbols: DriverSymbol[];
}

function pageRuns(symbols: readonly DriverSymbol[]): PageRun[] {
  const page = BigInt(PAGE_BYTES);
  const runs: PageRun[] = [];
  for (const symbol of symbols) {
    const from = (symbol.address / page) * page;
    const to = ((symbol.address + BigInt(symbol.bytes) + page - 1n) / page) * page;
    const last = runs.at(-1);
    if (last && from <= last.to) {
      last.to = to > last.to ? to : last.to;
      last.symbols.push(symbol);
    } else runs.push({ from, to, symbols: [symbol] });
  }
  return runs;
}

/** What a command writes, bytes as they are. */
export async function readBytes(shell: TraceShell, command: string): Promise<Uint8Array> {
  const stream = await shell.stream(`${command} 2>/dev/null`);
  const chunks: Buffer[] = [];
  stream.onData((chunk) => chunks.push(Buffer.from(chunk)));
  const end = await stream.done;
  if (end.error) throw end.error;
  return Buffer.concat(chunks);
}
