import { describe, expect, it } from "vitest";
import { RuleEngine } from "../../harness/judge/rule-engine.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import { isMhiEvent } from "../../harness/trace/mhi-events.ts";
import { cases } from "./cases.ts";
import {
  asleep,
  booted,
  buffer,
  command,
  done,
  element,
  judgeShort,
  open,
  pm,
  state,
  titles,
  transfer,
  worker,
} from "./short-events.ts";

const PROVOKED: readonly (string | undefined)[] = ["sys-err", "link-loss"];
const alarms = (engine: RuleEngine) => engine.findings.filter((finding) => !PROVOKED.includes(finding.failure));

describe("no rule blames a good recording", () => {
  it.each(cases.map((entry) => [entry.name, entry] as const))("%s: wherever it begins and ends", (_name, entry) => {
    const events = entry.evidence.events.filter(isMhiEvent);
    for (let from = 0; from < events.length; from++) {
      const engine = new RuleEngine({ family: entry.options.family, kernel: entry.evidence.kernel });
      for (const [index, event] of events.slice(from).entries()) engine.feed(event, index);
      expect(alarms(engine), `from event ${from}`).toEqual([]);
    }
  });

  // those that end powered down, so that the next round may follow
  const rounds = cases.filter((entry) => /unbind/.test(entry.name));
  it.each(rounds.map((entry) => [entry.name, entry] as const))("%s: a hundred times over", (_name, entry) => {
    const events = entry.evidence.events.filter(isMhiEvent);
    const lengthNs = (events.at(-1)?.tNs ?? 0) + 300e9;
    const engine = new RuleEngine({ family: entry.options.family, kernel: entry.evidence.kernel });
    for (let round = 0; round < 100; round++) {
      for (const event of events) engine.feed({ ...event, tNs: event.tNs + round * lengthNs }, 0);
    }
    expect(alarms(engine)).toEqual([]);
  });
});

describe("m3-quiet", () => {
  it("lets nothing be completed in M3", () => {
    expect(titles([...booted, ...open, buffer(33), ...asleep, transfer(33)])).toEqual([
      "a completion was taken while the host was in M3",
    ]);
  });

  it("knows that a data ring may lag behind the M3 event, but not for long", () => {
    const data = { ring: "data", channel: 5 };
    const up = [command("start", 4, 2), done(0), command("end", 4, 2)];
    const diag = [...up, command("start", 5, 2), done(1), command("end", 5, 2), buffer(5)];
    expect(titles([...booted, ...diag, ...asleep, transfer(5, 0, data)])).toEqual([]);
    expect(titles([...booted, ...diag, ...asleep, transfer(5, 0, { ...data, afterMs: 100 })])).toHaveLength(1);
  });

  it("wants a buffer queued in M3 to wake the device", () => {
    const sleeping = [...booted, ...open, ...asleep, buffer(32)];
    expect(titles(sleeping, 26_000)).toEqual([
      "a buffer queued on channel 32 in M3 did not wake the device within 20 s",
    ]);
    expect(titles([...sleeping, pm(PmState.M3_EXIT), state(2), pm(PmState.M0)], 26_000)).toEqual([]);
  });

  it("lets the host suspend only when every packet is back", () => {
    expect(titles([...booted, ...open, buffer(32), ...asleep])).toEqual([
      "host suspended with 1 packets under way on channel 32 (DUN)",
    ]);
    expect(titles([...booted, ...open, buffer(32), transfer(32), ...asleep])).toEqual([]);
  });
});

describe("handshake", () => {
  it("waits for M3 and M0 as long as the driver does", () => {
    expect(titles([...booted, pm(PmState.M3_ENTER)], 24_000)).toEqual([]);
    expect(titles([...booted, pm(PmState.M3_ENTER)], 26_000)).toEqual([
      "suspend: device did not acknowledge M3 within 20 s",
    ]);
    expect(titles([...booted, ...asleep, pm(PmState.M3_EXIT)], 26_000)).toEqual([
      "resume: device did not acknowledge M0 within 20 s",
    ]);
  });

  it("waits for M0 at boot, and leaves an error to its own rule", () => {
    expect(titles(booted.slice(0, 3), 26_000)).toEqual(["boot: device did not enter M0 within 20 s after READY"]);
    expect(titles([...booted.slice(0, 3), pm(PmState.SHUTDOWN_PROCESS)], 26_000)).toEqual([]);
  });

  it("wants a power down to end", () => {
    const down = [...booted, pm(PmState.SHUTDOWN_PROCESS), worker(WorkerItem.DISABLE_DESTROY_DEVICE)];
    expect(titles(down, 101_000)).toEqual(["power down: the host did not come to an end"]);
    expect(titles([...down, pm(PmState.DISABLE)], 101_000)).toEqual([]);
  });
});

describe("sys-err-follow", () => {
  const detected = [...booted, state(0xff), pm(PmState.SYS_ERR_DETECT)];

  it("wants the recovery to begin and to end", () => {
    expect(titles(detected, 102_000)).toContain("SYS_ERR: the host saw it and did not begin to recover");
    const begun = [...detected, worker(WorkerItem.SYS_ERR), pm(PmState.SYS_ERR_PROCESS)];
    expect(titles(begun, 102_000)).toContain("SYS_ERR: device did not come back to READY");
    expect(titles([...begun, worker(WorkerItem.READY), pm(PmState.POR)], 1000)).toHaveLength(1); // the SYS_ERR itself
  });

  it("names a device that ignores RESET", () => {
    const stuck = [...detected, worker(WorkerItem.SYS_ERR), pm(PmState.SYS_ERR_PROCESS), pm(PmState.SYS_ERR_FAIL)];
    expect(titles(stuck)).toContain("SYS_ERR: device did not clear RESET within 20 s");
  });
});

describe("channel-command", () => {
  it("pairs the commands of two clients that are under way at once", () => {
    const both = [
      command("start", 32, 2, 7),
      command("start", 4, 2, 8),
      done(0),
      done(1),
      command("end", 4, 2, 8),
      command("end", 32, 2, 7),
    ];
    expect(titles([...booted, ...both], 30_000)).toEqual([]);
  });

  it("names the command whose completion was left out", () => {
    const one = [command("start", 32, 2, 7), command("start", 4, 2, 8), done(5), done(7), command("end", 4, 2, 8)];
    expect(
      titles([...booted, command("start", 12, 2, 9), done(4), command("end", 12, 2, 9), ...one], 30_000),
    ).toContain("channel 32 (DUN): device did not complete START within 20 s");
  });

  it("names a command that the device refused", () => {
    expect(titles([...booted, command("start", 32, 2), done(0, 0x11)], 30_000)).toEqual([
      "device refused START of channel 32 (DUN) (BAD_TRE)",
    ]);
  });

  it("does not take the host's own refusal for the device's fault", () => {
    const again = [...booted, ...open, command("start", 32, 2)];
    expect(judgeShort(again, 30_000)).toMatchObject([
      { title: "host refused START of channel 32 (DUN): the channel is open already", failure: "refused-command" },
    ]);
  });

  it("asks no completion of a command that an error state has overtaken", () => {
    const overtaken = [...booted, ...open, command("start", 4, 2), pm(PmState.LD_ERR_FATAL_DETECT)];
    expect(titles(overtaken, 50_000)).toEqual(["device gone: the host gave it up in M0"]);
  });

  it("takes a log line of the host for its word", () => {
    const text = "mhi_wwan_ctrl mhi0_DUN: 32: Failed to receive START channel command completion";
    expect(judgeShort([...booted, command("start", 32, 2)], 2000, [{ level: 3, text }])).toMatchObject([
      { title: "channel 32 (DUN): device did not complete START within 20 s", found: expect.stringContaining(text) },
    ]);
  });
});

describe("worker-item", () => {
  it("knows from within which items a PM state is entered", () => {
    const late = [...booted, pm(PmState.SHUTDOWN_PROCESS), pm(PmState.DISABLE)];
    expect(titles(late)).toEqual(["PM state DISABLE outside of its work item"]);
    expect(titles([...booted.slice(0, 3), worker(WorkerItem.READY), pm(PmState.POR)])).toContain(
      "work item READY started once more than it was queued",
    );
    expect(titles([...booted.slice(0, 3), pm(PmState.POR)])).toEqual(["PM state POR entered twice in one work item"]);
  });

  it("knows which items follow which PM states", () => {
    expect(titles([...booted, worker(WorkerItem.DISABLE_DESTROY_DEVICE)])).toEqual([]); // a silent LD_ERR, perhaps
    expect(titles([...booted, ...open, worker(WorkerItem.DISABLE_DESTROY_DEVICE)])).toEqual([
      "work item DISABLE (DESTROY DEVICE) started in PM state M0",
    ]);
    expect(titles([...booted, ...open, worker(WorkerItem.SYS_ERR)])).toEqual([
      "work item SYS ERROR started in PM state M0",
    ]);
  });

  it("wants a PM record of each power down", () => {
    const down = [...booted, pm(PmState.SHUTDOWN_PROCESS), worker(WorkerItem.DISABLE), worker(WorkerItem.DISABLE)];
    expect(titles([...down, pm(PmState.DISABLE)])).toEqual(["work item DISABLE started once more than it was queued"]);
  });
});

describe("ctrl-event-consequence", () => {
  it("tells a device that says M0 where the host cannot use it", () => {
    expect(titles([...booted, ...asleep, state(2), state(2)], 100)).toContain(
      "device sent M0 while the host was in M3, and the host refused it",
    );
  });

  it("wants one work item for each EE event, in their order", () => {
    const none = [...booted.slice(0, 5), worker(WorkerItem.MISSION_MODE)];
    expect(titles(none)).toEqual(["work item MISSION MODE started without an EE event from the device"]);
    const skipped = [...booted.slice(0, 5), element(0x40, 1), element(0x40, 2), worker(WorkerItem.MISSION_MODE)];
    expect(titles(skipped)).toContain("host did not handle the device's SBL event");
    expect(titles(booted.slice(0, 6), 102_000)).toEqual(["host did not handle the device's AMSS event"]);
  });

  it("lets nothing be taken from the rings of a device that is off", () => {
    expect(titles([booted[0] ?? {}, worker(WorkerItem.READY), state(2)])).toContain(
      "an event ring element was taken while the host was powered down",
    );
  });

  it("does not blame an idle device for an M1 that crosses the host's M3", () => {
    expect(titles([...booted, pm(PmState.M3_ENTER), state(3), state(5), pm(PmState.M3)])).toEqual([]);
  });
});
