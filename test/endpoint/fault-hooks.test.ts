/** Each fault on events, by what it makes of one event: the device's side, written out. */
import { describe, expect, test } from "vitest";
import { FaultBoard } from "../../harness/endpoint/faults/board.ts";
import { FAULTS, parseFaultText } from "../../harness/endpoint/faults/index.ts";
import { memoryLog } from "../../harness/endpoint/log.ts";
import type { PostedEvent } from "../../harness/endpoint/mhi-device/event-rings.ts";

const event = (dword0: number, dword1: number, ptr = 0x1000n): PostedEvent => ({
  ptr,
  dword0: dword0 | 0,
  dword1: dword1 | 0,
});
const M0 = event(0x02000000, 0x00200000);
const AMSS = event(0x02000000, 0x00400000);
const DONE = event(0x01000000, 0x00210000);
const ECHO = event(0x02000010, 0x05220000);
const OTHER = event(0x02000010, 0x21220000);
const DB_MODE = event(0x06000000, 0x64220000);

function board(text: string) {
  const did: string[] = [];
  const say =
    (what: string) =>
    (...args: unknown[]): void => {
      did.push([what, ...args].join(" "));
    };
  const device = {
    raiseSysErr: say("sys-err"),
    goAway: say("gone"),
    raiseInterrupt: say("interrupt"),
    crashToRddm: say("rddm"),
    crashWithDump: say("dump"),
    restartSubsystem: (dump: string) => {
      did.push(`subsystem ${dump}`);
      return dump === "good";
    },
    showExecEnv: say("ee"),
    post: (ring: number, events: readonly PostedEvent[]) => did.push(`post ${ring} ${events.length}`),
  };
  const made = new FaultBoard(device, memoryLog().log);
  const { name, options } = parseFaultText(text);
  made.arm(name, options);
  const acted = (): number | undefined => made.list().find((fault) => fault.name === name)?.acted;
  return { made, acted, did };
}

describe("on events", () => {
  test.each<[string, PostedEvent[], PostedEvent[]]>([
    ["ee-event-missing", [M0, AMSS], [M0]],
    ["m0-duplicated", [M0, AMSS], [M0, M0, AMSS]],
    ["command-refused", [DONE, M0], [event(0x10000000, 0x00210000), M0]],
    ["command-refused:code=17", [DONE], [event(0x11000000, 0x00210000)]],
    ["command-completion-astray", [DONE], [{ ...DONE, ptr: 0x8000_1000n }]],
    ["transfer-lost", [ECHO], []],
    ["transfer-lost:channel=5", [OTHER, ECHO], [OTHER]],
    ["transfer-late:channel=5", [OTHER, ECHO], [OTHER]],
    ["transfer-duplicated", [ECHO], [ECHO, ECHO]],
    ["transfer-astray", [ECHO], [{ ...ECHO, ptr: 0x8000_1000n }]],
    ["transfer-channel-wrong", [ECHO], [{ ...ECHO, dword1: 0xc8220000 }]],
    ["transfer-code-unknown", [ECHO], [{ ...ECHO, dword0: 0x30000010 }]],
    ["transfer-length-wrong", [ECHO], [{ ...ECHO, dword0: 0x0200ffff }]],
    ["completion-past-wp", [ECHO], [ECHO, { ...ECHO, ptr: 0x1010n }, { ...ECHO, ptr: 0x1020n }]],
    ["doorbell-mode-missing", [ECHO, DB_MODE], [ECHO]],
    ["transfers-swapped", [ECHO, { ...ECHO, ptr: 0x1010n }], [{ ...ECHO, ptr: 0x1010n }, ECHO]],
    ["ee-event-early", [M0, AMSS], [AMSS, M0]],
  ])("%s", (text, given, expected) => {
    const { made, acted } = board(text);
    expect(made.events(0, given).map(({ ptr, dword0, dword1 }) => [ptr, dword0 >>> 0, dword1 >>> 0])).toEqual(
      expected.map(({ ptr, dword0, dword1 }) => [ptr, dword0 >>> 0, dword1 >>> 0]),
    );
    expect(acted()).toBe(1);
    made.disarm(parseFaultText(text).name);
    expect(made.events(0, given)).toBe(given);
  });

  test("skip and times: the third and fourth completion are lost, no other", () => {
    const { made } = board("transfer-lost:skip=2,times=2");
    const rounds = [1, 2, 3, 4, 5].map(() => made.events(1, [ECHO]).length);
    expect(rounds).toEqual([1, 1, 0, 0, 1]);
  });

  test("two faults at once: each does its part", () => {
    const { made } = board("transfer-duplicated");
    made.arm("transfer-length-wrong");
    expect(made.events(1, [ECHO]).map(({ dword0 }) => dword0 & 0xffff)).toEqual([0xffff, 0x10]);
  });
});

describe("elsewhere", () => {
  test("a read pointer outside, or unaligned, of one ring only", () => {
    const { made } = board("read-pointer-astray:ring=2");
    expect([made.readPointer(0, 0x2000n), made.readPointer(2, 0x2000n), made.readPointer(2, 0x2000n)]).toEqual([
      0x2000n,
      0x4000_2000n,
      0x2000n,
    ]);
    expect(board("read-pointer-astray:how=unaligned").made.readPointer(0, 0x2000n)).toBe(0x2004n);
  });

  test("reset, M0, interrupts, silence, registers", () => {
    expect(board("reset-stuck").made.ignoreReset()).toBe(true);
    expect(board("m0-not-acked:skip=1").made.ignoreM0()).toBe(false);
    const late = board("m0-late:delayMs=40").made;
    expect([late.delayM0(), late.delayM0()]).toEqual([40, 0]);
    expect(board("interrupt-lost").made.loseInterrupt(0)).toBe(true);
    expect(board("service-silent").made.silence("IPCR")).toBe(true);
    expect([...board("doorbells-out-of-range").made.registers()]).toEqual([[0x18, 0x7fff0000]]);
    const none = board("m0-duplicated").made;
    expect([
      none.ignoreReset(),
      none.ignoreM0(),
      none.loseInterrupt(0),
      none.silence("IPCR"),
      none.registers().size,
    ]).toEqual([false, false, false, false, 0]);
  });

  test.each([
    ["rddm:afterMs=0", "rddm"],
    ["crash-with-dump:afterMs=0", "dump"],
    ["subsystem-crash:afterMs=0", "subsystem good"],
    ["subsystem-crash:afterMs=0,dump=overflow", "subsystem overflow"],
    ["ee-garbage:value=42", "ee 42"],
    ["interrupt-spurious:everyMs=1,vector=3", "interrupt 3"],
  ])("%s acts from mission mode on", async (text, what) => {
    const { made, did } = board(text);
    expect(did).toEqual([]);
    made.enteredMissionMode();
    await expect.poll(() => did[0]).toBe(what);
    made.reset();
  });

  test("late completions are posted in the end, and forgotten by a reset", async () => {
    const { made, did } = board("transfer-late:delayMs=5,times=2");
    made.events(1, [ECHO]);
    await expect.poll(() => did).toEqual(["post 1 1"]);
    made.events(1, [ECHO]);
    made.reset();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(did).toHaveLength(1);
  });

  test("every fault has a name of its own and says what it does", () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    for (const { name, about } of FAULTS)
      expect([name, about]).toEqual([
        expect.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)+$|^rddm$/),
        expect.stringMatching(/\w/),
      ]);
  });
});
