/** The loop in WebAssembly takes what it knows of a text; without it TypeScript reads every line. Both must tell the same. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchNames } from "../../harness/trace/batch.ts";
import { HOT_ROWS } from "../../harness/trace/hot/columns.ts";
import type { TraceEvent } from "../../harness/trace/mhi-events.ts";
import { TextEngine } from "../../harness/trace/text/engine.ts";

const DATA = fileURLToPath(new URL("../data/", import.meta.url));

function told(text: Uint8Array, capacity: number, chunkBytes: number) {
  const names = new BatchNames();
  const engine = new TextEngine(names, { capacity, fileName: "t" });
  const events: TraceEvent[] = [];
  const take = (): void => {
    for (let i = 0; i < engine.batch.length; i++) events.push(engine.batch.event(i));
    engine.batch.clear();
  };
  for (let at = 0; at < text.length; at += chunkBytes) {
    const chunk = text.slice(at, at + chunkBytes);
    for (let from = 0; from < chunk.length; ) {
      from = engine.append(chunk, from);
      take();
    }
  }
  for (let done = false; !done; ) {
    done = engine.finish();
    take();
  }
  const { gaps, form, notes, comms, generation, originNs, resolutionNs, ignoredLines } = engine;
  return { events, gaps, form, notes, comms, generation, originNs, resolutionNs, ignoredLines, lanes: names.lanes };
}

const both = (text: Uint8Array, chunkBytes: number): void =>
  expect(told(text, HOT_ROWS, chunkBytes)).toEqual(told(text, HOT_ROWS - 1, chunkBytes));

const texts = readdirSync(DATA, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(?:txt|log)$/.test(name))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(DATA, name))) }));
const lines = texts.flatMap(({ bytes }) =>
  Buffer.from(bytes)
    .toString("latin1")
    .split("\n")
    .filter((line) => /mhi_\w+: /.test(line)),
);

test("there are texts of the kernel and of trace-cmd to compare", () => {
  expect(texts.length).toBeGreaterThan(10);
  expect(lines.length).toBeGreaterThan(1000);
});

test.each(texts)("$name", ({ bytes }) => {
  for (const chunkBytes of [bytes.length || 1, 4096, 777]) both(bytes, chunkBytes);
});

const HEAD = "     kworker/0:1-74      [001] d..1.     5.000001: ";
const ELEMENT = "TRE: 0xffff8cc443e57050 TRE buf: 0x3920028 DWORD0: 0x0000ffff DWORD1: 0x00020200";
const INTVEC = "mhi_intvec_states: mhi0: Local EE: MISSION MODE State: M0 Device EE: MISSION MODE Dev State: ";
const WORKER = "mhi_pm_st_transition: mhi0: Handling state transition: ";

/** One character away from what the loop takes. */
const NEAR = [
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT.replace("7050", "70501")}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT.replace("7050", "70501G")}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT.replace("0x3920028", "0x12345678123456789")}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT.replace("0xffff", "0x0xffff")}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT.replace("0x0000ffff", "0x0000fffg")}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT}0`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 21 ${ELEMENT} `,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 123456789 ${ELEMENT}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: 1234567891 ${ELEMENT}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan: -1 ${ELEMENT}`,
  `${HEAD}mhi_gen_tre: mhi0: Chan:  ${ELEMENT}`,
  ...[
    "M0",
    "M3",
    "M4",
    "M3_FAST",
    "M3 FAST",
    "M3 FULL",
    "M9",
    "0xff",
    "0x",
    "SYS ERROR",
    "sys error",
    "M3\r",
    "M3 ",
  ].map((state) => `${HEAD}${INTVEC}${state}`),
  `${HEAD}${INTVEC.replace("State: M0 ", "State: M3 FAST ")}M0`,
  `${HEAD}${INTVEC.replace("State: M0 ", "State: M3_FAST ")}M0`,
  `${HEAD}${WORKER}DISABLE`,
  `${HEAD}${WORKER}DISABLE (DESTROY DEVICE)`,
  `${HEAD}${WORKER}READY`,
  `${HEAD}mhi_tryset_pm_state: mhi0: PM state: Linkdown or Error Fatal Detect`,
  `${HEAD}mhi_tryset_pm_state: mhi1: PM state: M0`,
  `${HEAD}mhi_tryset_pm_state: a-name-that-is-long: PM state: M0`,
  `${HEAD.replace("0:1-74", "  :-74")}${WORKER}READY`,
  `${HEAD.replace("kworker/0:1-74", "kworker/0: -74")}${WORKER}READY`,
  `${HEAD.replace("     kworker/0:1", "x-1 [001] worker")}${WORKER}READY`,
  `${HEAD.replace("     kworker", "a [001] -wor")}${WORKER}READY`,
  `${HEAD.replace("-74  ", "-4194305")}${WORKER}READY`,
  `${HEAD.replace("[001]", "[1001]")}${WORKER}READY`,
  `${HEAD.replace("[001]", "[901]")}${WORKER}READY`,
  `${HEAD.replace("d..1.", "d..1")}${WORKER}READY`,
  `${HEAD.replace("d..1.", "d..1.1")}${WORKER}READY`,
  `${HEAD.replace("d..1.", "12345")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "5.00001")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "5.0000019")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "5000001234")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "18446744073709551615")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "12us")}${WORKER}READY`,
  `${HEAD.replace("5.000001", "4.000001")}${WORKER}READY`,
  `${HEAD}(+12) ${WORKER}READY`,
  `> ${HEAD.slice(2)}${WORKER}READY`,
  `${HEAD}mhi_channel_command_start: mhi0: chan20: Updating state to: START`,
  `${HEAD}mhi_channel_command_end: mhi0: chan20: ffffffffc038c8a5 state to: 0x7`,
  `${HEAD}mhi_channel_command_ends: mhi0: chan20: Updated state to: START`,
  `${HEAD}mhi_process_data_event_ring: mhi0: Processing Event:0x80000000 0x02000010 0x15220000`,
  `${HEAD}mhi_ctrl_event: mhi0: ${ELEMENT} State: `,
  `${HEAD}mhi_ctrl_event: mhi0: ${ELEMENT} State: ${"x".repeat(63)}`,
  `${HEAD}mhi_ctrl_event: mhi0: ${ELEMENT} State: ${"x".repeat(64)}`,
  "(DESTROY DEVICE)",
  `ab\n${HEAD.slice(3)}${WORKER}READY`,
];

test.each(NEAR)("among sound lines: %s", (line) => {
  const sound = (us: number): string =>
    `${HEAD.replace("5.000001", `5.00000${us}`)}mhi_ctrl_event: mhi0: ${ELEMENT} State: M0`;
  for (const after of ["", "(DESTROY DEVICE)", "_FAST"]) {
    const text = [sound(0), sound(0), sound(1), line, after, sound(2), sound(3), ""].join("\n");
    both(new TextEncoder().encode(text), text.length);
  }
});

const EXTRAS = [
  "",
  "",
  " ",
  "0",
  "9",
  "f",
  "G",
  ":",
  "\t",
  "\r",
  "0x",
  "[",
  "]",
  "-",
  ".",
  "M3_FAST",
  "(____ptrval____)",
];

test("lines with a character changed, cut, doubled or added anywhere", () => {
  const spoilt = fc.record({
    line: fc.nat(lines.length - 1),
    at: fc.nat(200),
    cut: fc.nat(3),
    extra: fc.constantFrom(...EXTRAS),
    upper: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(spoilt, { minLength: 5, maxLength: 60 }), (changes) => {
      const sound = lines.slice(0, 3);
      const all = changes.flatMap(({ line, at, cut, extra, upper }, i) => {
        const text = lines[line] ?? "";
        const plain = upper ? text.replace(/0x[0-9a-f]+/g, (hex) => `0x${hex.slice(2).toUpperCase()}`) : text;
        const place = at % (plain.length + 1);
        const changed = i % 3 === 0 ? plain : plain.slice(0, place) + extra + plain.slice(place + cut);
        return i % 4 === 0 ? [changed, ""] : [changed];
      });
      const own = NEAR[(changes[0]?.at ?? 0) % NEAR.length] ?? "";
      const text = Buffer.from(`${[...sound, own, ...all].join("\n")}\n`, "latin1");
      both(new Uint8Array(text), text.length);
    }),
    { numRuns: 400, seed: 20261124 },
  );
});
