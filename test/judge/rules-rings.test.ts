import { describe, expect, it } from "vitest";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import {
  booted,
  buffer,
  command,
  done,
  element,
  gap,
  judgeShort,
  open,
  pm,
  state,
  titles,
  transfer,
  worker,
} from "./short-events.ts";

/** Rings of foxconn-sdx55: 32 elements on DUN, 128 on ring 0. */
const kernel = (low: number): string => `0xff110000${low.toString(16).padStart(8, "0")}`;
const placed = (channel: number, n: number) => buffer(channel, { slot: kernel(0x8000 + 16 * (n % 32)) });
const ready = [...booted, ...open];
const buffers = (count: number, channel = 33) => Array.from({ length: count }, () => buffer(channel));

describe("transfer-ring", () => {
  it("lets a ring be filled, completed in order and filled again, round and round", () => {
    const rounds = Array.from({ length: 100 }, (_, n) => [transfer(33, n % 32), buffer(33)]).flat();
    expect(titles([...ready, ...buffers(31), ...rounds])).toEqual([]);
  });

  it("knows how many buffers a ring holds", () => {
    expect(titles([...ready, ...buffers(32)])).toEqual([
      "more buffers were queued on channel 33 (DUN) than its ring holds",
    ]);
  });

  it("counts no more completions than buffers", () => {
    expect(titles([...ready, buffer(33), transfer(33, 0), transfer(33, 1)])).toEqual([
      "device completed more buffers on channel 33 (DUN) than were queued",
    ]);
  });

  it("wants completions in the order of the ring, from its begin on", () => {
    const three = [...ready, ...buffers(3)];
    expect(titles([...three, transfer(33, 0), transfer(33, 2)])).toEqual([
      "device completed a buffer of channel 33 (DUN) out of order",
    ]);
    expect(titles([...three, transfer(33, 0), transfer(33, 0)])).toEqual([
      "device completed one buffer of channel 33 (DUN) twice",
    ]);
    expect(titles([...three, transfer(33, 1)])).toEqual(["device completed a buffer of channel 33 (DUN) out of order"]);
  });

  it("wants no completion longer than its buffer", () => {
    const two = [...ready, buffer(33, { length: 100 }), buffer(33, { length: 50 })];
    expect(titles([...two, transfer(33, 0, { length: 100 }), transfer(33, 1, { length: 50 })])).toEqual([]);
    expect(titles([...two, transfer(33, 0, { length: 50 }), transfer(33, 1, { length: 51 })])).toEqual([
      "device completed more bytes on channel 33 (DUN) than the buffer holds",
    ]);
    // 64 KiB do not go into 16 bits
    expect(titles([...ready, buffer(33, { length: 0 }), transfer(33, 0, { length: 9 })])).toEqual([]);
  });

  it("asks of chains only that there are not too many completions", () => {
    const chain = [buffer(32, { dword1: 0x20001 }), buffer(32, { length: 4 })];
    expect(titles([...ready, ...chain, transfer(32, 1, { length: 4000 })])).toEqual([]);
  });

  it("knows nothing where the START was not seen", () => {
    expect(titles([buffer(33), transfer(33, 5, { length: 99 }), transfer(33, 6), transfer(33, 7)])).toEqual([]);
    expect(titles([transfer(33, 5), transfer(33, 7)])).toHaveLength(1); // but the order, from the second on
  });

  it("knows nothing after a gap", () => {
    expect(titles([...ready, buffer(33), gap, transfer(33, 7, { length: 99 }), transfer(33, 8)])).toEqual([]);
  });

  it("begins anew with every START", () => {
    const closed = [command("start", 33, 0), done(2), command("end", 33, 0)];
    const again = [command("start", 33, 2), done(3), command("end", 33, 2), buffer(33, { length: 8 })];
    const life = [...ready, buffer(33), buffer(33), transfer(33, 0), ...closed, ...again];
    expect(titles([...life, transfer(33, 0, { length: 8 })])).toEqual([]);
    expect(titles([...life, transfer(33, 1)])).toHaveLength(1);
  });

  it("knows the codes and elements that the driver knows", () => {
    expect(titles([...ready, buffer(33), element(0x22, 6, { channel: 33 })])).toEqual([]); // DB_MODE completes nothing
    expect(titles([...ready, buffer(33), element(0x22, 0x11, { channel: 33 })])).toEqual([
      "device completed a transfer on channel 33 (DUN) with code BAD_TRE",
    ]);
    expect(titles([...ready, element(0x33, 0)])).toEqual(["device posted type 0x33 on a ctrl ring"]);
    expect(titles([...ready, element(0x40, 2, { ring: "data" })])).toContain("device posted EE_EVENT on a data ring");
    expect(titles([...ready, element(0x51, 0), element(0x50, 0), element(0x51, 0, { ring: "data" })])).toEqual([]);
  });
});

describe("ring-place", () => {
  const row = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => placed(33, from + n));
  const message = "a buffer of channel 33 (DUN) does not stand behind the one before it in the ring";

  it("lets buffers go round the ring", () => {
    const done33 = Array.from({ length: 20 }, (_, n) => transfer(33, n));
    expect(titles([...ready, ...row(0, 31), ...done33, ...row(31, 51)])).toEqual([]);
  });

  it("sees a buffer that is missing, doubled or out of its place", () => {
    expect(titles([...ready, ...row(0, 4), ...row(5, 7)])).toEqual([message]);
    expect(titles([...ready, ...row(0, 4), ...row(3, 4)])).toEqual([message]);
    expect(titles([...ready, ...row(1, 4)])).toEqual([message]); // a ring begins at its begin
    expect(titles([...ready, ...row(0, 2), buffer(33, { slot: "0xff11000100008020" })])).toEqual([message]);
  });

  it("sees a ring that turns too early", () => {
    expect(titles([...ready, ...row(0, 4), ...row(0, 1)])).toEqual([message]);
  });

  it("says nothing of hashes, of what began before, and over a gap", () => {
    const hashed = [buffer(33, { slot: "0xc5a8153a" }), buffer(33, { slot: "0x15a8153a" })];
    expect(titles([...ready, ...hashed])).toEqual([]);
    expect(titles([...row(5, 8)])).toEqual([]);
    expect(titles([...row(5, 8), ...row(9, 10)])).toEqual([message]);
    expect(titles([...ready, ...row(0, 3), gap, ...row(9, 12)])).toEqual([]);
  });

  const posted = (n: number, event: object) => ({ ...event, slot: kernel(0x4000 + 16 * (n % 128)) });
  const up = [pm(PmState.DISABLE), worker(WorkerItem.READY), pm(PmState.POR)];
  const inPlace = (first: number, second: number) => [
    ...up,
    posted(first, state(2)),
    pm(PmState.M0),
    posted(second, element(0x40, 2)),
    worker(WorkerItem.MISSION_MODE),
  ];
  const ring0 = "an element of the control event ring does not stand behind the one before it";

  it("sees an element of ring 0 that is missing, and one that is not its first", () => {
    expect(titles(inPlace(0, 1))).toEqual([]);
    expect(titles(inPlace(0, 2))).toEqual([ring0]);
    expect(titles(inPlace(1, 2))).toEqual([ring0]);
    expect(titles(inPlace(0, 1).slice(2))).toEqual([]);
  });

  it("lets ring 0 begin anew after SYS_ERR, and not before", () => {
    const crash = [
      posted(2, state(0xff)),
      pm(PmState.SYS_ERR_DETECT),
      worker(WorkerItem.SYS_ERR),
      pm(PmState.SYS_ERR_PROCESS),
    ];
    const after = [worker(WorkerItem.READY), pm(PmState.POR), posted(0, state(2)), pm(PmState.M0)];
    const unasked = "SYS_ERR: device reported a system error in M0 (EE AMSS), unasked";
    expect(titles([...inPlace(0, 1), ...crash, ...after])).toEqual([unasked]);
    expect(titles([...inPlace(0, 1), posted(0, element(0x50, 0))])).toEqual([ring0]);
  });
});

describe("channel-life", () => {
  it("lets nobody queue before START has ended", () => {
    const starting = [...booted, command("start", 32, 2)];
    const early = "a buffer was queued on channel 32 (DUN) before its START had ended";
    expect(titles([...starting, buffer(32)])).toEqual([early]);
    expect(titles([...starting, buffer(32, { pid: 8 })])).toEqual([early]);
    expect(titles([...starting, done(0), buffer(32)])).toEqual([early]);
    // another task may, once the device has answered: the end's record comes after the channel is opened
    expect(titles([...starting, done(0), buffer(32, { pid: 8 }), command("end", 32, 2)])).toEqual([]);
  });

  it("lets nobody queue on a closed channel, where it is known to be closed", () => {
    expect(titles([...booted.slice(0, 5), buffer(33)])).toEqual([
      "a buffer was queued on channel 33 (DUN), which is not open",
    ]);
    expect(titles([buffer(33)])).toEqual([]);
    expect(titles([...booted.slice(0, 5), gap, buffer(33)])).toEqual([]);
  });
});

describe("m3-quiet", () => {
  const sleeping = [...ready, pm(PmState.M3_ENTER), state(5), pm(PmState.M3)];

  it("wants a command given in M3 to wake the device, unless the host refuses it by itself", () => {
    expect(titles([...sleeping, command("start", 4, 2)], 26_000)).toContain(
      "START of channel 4 in M3 did not wake the device within 20 s",
    );
    const woken = [
      command("start", 4, 2),
      pm(PmState.M3_EXIT),
      state(2),
      pm(PmState.M0),
      done(2),
      command("end", 4, 2),
    ];
    expect(titles([...sleeping, ...woken], 26_000)).toEqual([]);
    expect(titles([...sleeping, command("start", 32, 2)], 60_000)).not.toContain(
      "START of channel 32 in M3 did not wake the device within 20 s",
    );
  });

  it("cannot say it over a gap", () => {
    const found = judgeShort([...sleeping, command("start", 4, 2), gap], 26_000);
    expect(found.map(({ outcome }) => outcome)).not.toContain("fail");
    expect(found).not.toHaveLength(0);
  });
});

describe("channel-command", () => {
  it("knows the command ring's begin and its bounds", () => {
    const first = (slot: number) => [...booted, command("start", 32, 2), done(slot), command("end", 32, 2)];
    expect(titles(first(0))).toEqual([]);
    expect(titles(first(1))).toEqual(["device completed a command out of order"]);
    expect(titles(first(1).slice(5))).toEqual([]);
    const far = [command("start", 33, 2), done(129), command("end", 33, 2)];
    expect(titles([...first(0), ...far])).toEqual(["device completed a command out of order"]);
  });
});
