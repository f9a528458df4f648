import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Evidence } from "../../harness/judge/evidence.ts";
import { signatureParts } from "../../harness/judge/failure-context.ts";
import { judge } from "../../harness/judge/index.ts";
import { describeSignature, kernelMajor, type SignatureParts, signature } from "../../harness/judge/signature.ts";
import type { FamilyProfile } from "../../harness/mhi/families/family.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { pathOf, readAll, textOf } from "../trace/truth-support.ts";
import { tell } from "./known/tell.ts";
import { evidenceOf, foxconn, k04, k10, k20 } from "./support.ts";

const parts: SignatureParts = {
  family: "sdx55",
  phase: "suspend",
  lastGood: "M3_ENTER",
  stuck: "suspend: device did not acknowledge M3 within 8 s",
  kernel: "6.12",
};

describe("the id", () => {
  it("is short, stable and of what the failure is", () => {
    expect(signature(parts)).toMatch(/^S-[0-9a-f]{8}$/);
    // written down: a release that changes it cuts every lab's history
    expect(signature(parts)).toBe("S-4e46aa56");
  });

  it("is the same with other figures", () => {
    const stuck = (text: string) => signature({ ...parts, stuck: text });
    expect(stuck("suspend: device did not acknowledge M3 within 20 s")).toBe(signature(parts));
    expect(stuck("ring element 0x1f40 at 3.5")).toBe(stuck("Ring element  0xffff8000 at 12"));
    expect(stuck("a system error in M0 (EE AMSS), unasked")).toBe(stuck("a system error in M0, unasked"));
  });

  it("differs with every part, and with the lack of one", () => {
    const all = { ...parts, code: "BAD_TRE", ee: "AMSS", firmware: "1.2" };
    const others = Object.keys(all).flatMap((name) => [{ ...all, [name]: "other" }, omit(all, name)]);
    const ids = [all, ...others].map((entry) => signature(entry));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("differs by channel", () => {
    const channel = (number: number) => signature({ ...parts, stuck: `channel ${number} (IPCR): no completion` });
    expect(channel(20)).not.toBe(channel(21));
  });

  it("states every part, the unknown ones too", () => {
    expect(describeSignature({ ...parts, code: "-16" })).toBe(
      "family sdx55, phase suspend, last good state M3_ENTER, stuck at suspend: device did not acknowledge M3 within 8 s, code -16, EE unknown, kernel 6.12, firmware unknown",
    );
    expect([kernelMajor("6.12.117+deb13-amd64"), kernelMajor("unknown")]).toEqual(["6.12", undefined]);
  });
});

const fail = (): never => {
  throw new Error("no such event");
};
const omit = (entry: SignatureParts, name: string): SignatureParts =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => key !== name));

describe("the parts", () => {
  const partsOf = (text: string, title: string, fromS: number, because: readonly number[] = []): SignatureParts => {
    const facts = { family: sdx55, kernel: "6.12.1", title, fromNs: fromS * 1e9, because };
    return signatureParts([facts], tell(text).events)[0] ?? {};
  };

  it.each([
    ["READY never", "1 ST READY", 1, { phase: "boot", lastGood: "DISABLE" }],
    ["READY never, after an unbind", "1 PM M0\n2 PM DISABLE\n3 ST READY", 3, { phase: "boot", lastGood: "DISABLE" }],
    ["no M0 after READY", "1 ST READY\n2 PM POR", 2, { phase: "boot", lastGood: "POR" }],
    ["in suspend", "1 PM M0\n2 PM M3_ENTER", 2, { phase: "suspend", lastGood: "M3_ENTER", ee: "AMSS" }],
    ["asleep", "1 PM M3_ENTER\n2 PM M3\n3 PM LD_ERR_FATAL_DETECT", 3, { phase: "asleep", lastGood: "M3", ee: "AMSS" }],
    ["in resume", "1 PM M3\n2 PM M3_EXIT", 2, { phase: "resume", lastGood: "M3_EXIT", ee: "AMSS" }],
    ["working", "1 PM M0\n2 ST MISSION MODE\n3 CS 20 START", 3, { phase: "mission", lastGood: "M0", ee: "AMSS" }],
    [
      "recovering",
      "1 ST MISSION MODE\n2 PM M0\n3 PM SYS_ERR_DETECT\n4 ST SYS ERROR\n5 ST READY",
      5,
      { phase: "recovery", lastGood: "M0", ee: "AMSS" },
    ],
    ["nothing known", "1 CS 20 START", 1, {}],
  ] as const)("%s", (_name, text, fromS, expected) => {
    expect(partsOf(text, "x", fromS)).toEqual({ family: "sdx55", kernel: "6.12", stuck: "x", ...expected });
  });

  it("of many findings, each where it stands, in one pass", () => {
    const { events } = tell("1 ST READY\n2 PM POR\n3 PM M0\n4 ST MISSION MODE\n5 PM M3_ENTER\n6 PM M3\n7 PM M3_EXIT");
    const fact = (fromS: number) => ({ family: sdx55, kernel: "x", title: "x", fromNs: fromS * 1e9, because: [] });
    const phases = signatureParts([7, 1, 5.5, 0.5, 9, 6].map(fact), events).map(({ phase }) => phase);
    expect(phases).toEqual(["resume", "boot", "suspend", undefined, "resume", "asleep"]);
    const many = Array.from({ length: 20_000 }, (_, at) => ({ ...(events[at % 7] ?? fail()), tNs: at * 1e6 }));
    const begin = performance.now();
    expect(
      signatureParts(
        many.map((event) => fact(event.tNs / 1e9)),
        many,
      ),
    ).toHaveLength(20_000);
    // one look at the events a finding would be 400 million of them
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  it("a code is of the completion, an errno of the title alone", () => {
    expect(partsOf("1 CS 20 START\n2 CE cmd 17", "refused", 1, [0, 1]).code).toBe("BAD_TRE");
    expect(partsOf("1 CS 20 START\n2 CE cmd 1", "late", 1, [0, 1]).code).toBeUndefined();
    expect(partsOf("1 PM M0", "suspend: refused with -16, again and again", 1).code).toBe("-16");
  });
});

/** Failures made of real recordings, each with what the judge says first. */
const m3At = k20().events.findIndex((event) => event.kind === "pm" && event.pmState === 4);
const startAt = k20().events.findIndex((event) => event.kind === "chan" && event.channel === 21);
const failures: readonly (readonly [string, Evidence, FamilyProfile])[] = [
  ["context lost", k04(), foxconn],
  ["SYS_ERR", k10(), foxconn],
  ["M3 not acknowledged", evidenceOf(k20().events.slice(0, m3At + 1), { toNs: 60e9 }), sdx55],
  ["START not completed", evidenceOf(k20().events.slice(0, startAt + 1), { toNs: 60e9 }), sdx55],
];

const idOf = (evidence: Evidence, family: FamilyProfile): string | undefined => judge(evidence, { family }).signature;

interface Change {
  readonly shiftNs: number;
  readonly pid: number;
  readonly cpu: number;
  readonly pointer: number;
  readonly controller: string;
  readonly log: boolean;
  readonly kernelPatch: number;
}

function changed(evidence: Evidence, change: Change): Evidence {
  const moved = (event: TraceEvent): TraceEvent => ({
    ...event,
    tNs: event.tNs + change.shiftNs,
    pid: event.pid + change.pid,
    cpu: (event.cpu + change.cpu) % 64,
    ...("controller" in event ? { controller: change.controller } : {}),
    // whole rings move, in steps of the largest
    ...("ptr" in event ? { ptr: `0x${(Number.parseInt(event.ptr, 16) + change.pointer * 65_536).toString(16)}` } : {}),
  });
  return {
    ...evidence,
    kernel: evidence.kernel.replace(/^(\d+\.\d+)\.\d+/, `$1.${change.kernelPatch}`),
    events: evidence.events.map(moved),
    fromNs: evidence.fromNs + change.shiftNs,
    toNs: evidence.toNs + change.shiftNs,
    dmesg: change.log ? evidence.dmesg.map((line) => ({ ...line, tNs: line.tNs + change.shiftNs })) : [],
  };
}

describe("the same failure elsewhere", () => {
  const change = fc.record({
    shiftNs: fc.integer({ min: 0, max: 10_000_000 }).map((ms) => ms * 1e6),
    pid: fc.nat(30_000),
    cpu: fc.nat(63),
    pointer: fc.nat(100_000),
    controller: fc.constantFrom("mhi0", "mhi1", "mhi7"),
    log: fc.boolean(),
    kernelPatch: fc.nat(300),
  });

  it.each(failures)("%s: another day, host, controller and CPU, with the log or without", (_name, evidence, family) => {
    const id = idOf(evidence, family);
    expect(id).toMatch(/^S-/);
    fc.assert(
      fc.property(change, (how) => {
        expect(idOf(changed(evidence, how), family)).toBe(id);
      }),
      { numRuns: 40 },
    );
  });

  it("channels started in another order", () => {
    const boot = (order: readonly number[]): string =>
      `1 ST READY\n2 PM POR\n3 PM M0\n4 ST MISSION MODE\n${order.map((channel, at) => `${5 + at}.1 CS ${channel} START\n${5 + at}.2 CE cmd 1\n${5 + at}.3 CX ${channel} START`).join("\n")}\n20 PM M3_ENTER\n60 END`;
    const ids = [[20, 21, 46], [46, 20, 21], [21], []].map((order) => idOf(tell(boot(order)), sdx55));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^S-/);
  });

  it("every interrupt seen, as with a shared vector, or none", () => {
    const quiet = "1 ST READY\n2 PM POR\n3 PM M0\n4 ST MISSION MODE\n20 PM M3_ENTER\n60 END";
    const shared = quiet
      .replace("3 PM", "2.5 IV MAX READY / AMSS READY\n3 PM")
      .replace("20 PM", "19 IV AMSS M0 / AMSS M0\n20 PM");
    expect(idOf(tell(shared), sdx55)).toBe(idOf(tell(quiet), sdx55));
  });

  it("different failures differ", () => {
    const ids = failures.map(([, evidence, family]) => idOf(evidence, family));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("the same recording in another form", () => {
  const folder = mkdtempSync(join(tmpdir(), "mhi-hil-signature-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const judged = async (path: string): Promise<string | undefined> => {
    const { rows, gaps } = await readAll(path);
    const events = rows.map(({ event }) => event);
    return idOf(evidenceOf(events, { gaps }), sdx55);
  };

  it.each(["6.12", "7.2"])("trace.dat and trace-cmd report of %s", async (kernel) => {
    const id = await judged(pathOf(kernel, "nominal.dat"));
    expect(id).toMatch(/^S-/);
    expect(await judged(written(`${kernel}.txt`, textOf(kernel, "nominal.report.txt")))).toBe(id);
  });

  it("raw pages, the kernel's own text and trace-cmd report", async () => {
    const data = fileURLToPath(new URL("../data/trace/linux-6.12-sdx55/", import.meta.url));
    const id = await judged(join(data, "raw"));
    expect(id).toMatch(/^S-/);
    expect(await judged(join(data, "trace.txt"))).toBe(id);
    expect(await judged(join(data, "trace-cmd-report.txt"))).toBe(id);
  });
});
