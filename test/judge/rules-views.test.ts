import { describe, expect, it } from "vitest";
import { RuleEngine } from "../../harness/judge/rule-engine.ts";
import { ExecEnv } from "../../harness/mhi/exec-env.ts";
import { MhiState } from "../../harness/mhi/mhi-state.ts";
import { PmState } from "../../harness/mhi/pm-state.ts";
import { WorkerItem } from "../../harness/mhi/worker-item.ts";
import type { MhiEvent } from "../../harness/trace/mhi-events.ts";
import {
  asleep,
  booted,
  element,
  gap,
  interrupt,
  judgeShort,
  open,
  pm,
  state,
  titles,
  worker,
} from "./short-events.ts";
import { aic100 } from "./support.ts";

const { AMSS, MAX, PBL, SBL, RDDM, FP, WFW, DISABLE } = ExecEnv;
const { RESET, READY, M0, M1, M3, SYS_ERR } = MhiState;
const ready = [...booted, ...open];
const [, ...fromReady] = booted;

describe("interrupt-view", () => {
  const wrongEe = (name: string) => `an interrupt shows the host's EE as ${name}, which it cannot be`;
  const wrongState = (name: string) => `an interrupt shows the host's state as ${name}, which it cannot be`;

  it("follows the host through a boot", () => {
    const seen = [
      ...booted.slice(0, 2),
      interrupt(MAX, RESET, AMSS, READY),
      ...booted.slice(2, 3),
      interrupt(MAX, READY, AMSS, M0),
      ...booted.slice(3, 6),
      interrupt(MAX, M0, AMSS, M0),
      ...booted.slice(6),
      interrupt(MAX, M0, AMSS, M0), // the item has begun and not yet read the EE
      interrupt(AMSS, M0, AMSS, M0),
      ...asleep.slice(0, 1),
      interrupt(AMSS, M0, AMSS, M3),
    ];
    expect(titles(seen)).toEqual([]);
  });

  it("sees an EE and a state that the host cannot have", () => {
    expect(titles([...booted.slice(0, 5), interrupt(AMSS, M0, AMSS, M0), ...booted.slice(5)])).toEqual([
      wrongEe("AMSS"),
    ]);
    expect(titles([...booted.slice(0, 3), interrupt(MAX, M0, AMSS, M0), ...booted.slice(3)])).toEqual([
      wrongState("M0"),
    ]);
    expect(titles([...booted, interrupt(AMSS, READY, AMSS, M0)])).toEqual([wrongState("READY")]);
  });

  it("lets no old value come after the new one", () => {
    expect(titles([...booted, interrupt(AMSS, M0, AMSS, M0), interrupt(MAX, M0, AMSS, M0)])).toEqual([
      wrongEe("unknown"),
    ]);
  });

  it("knows nothing at the begin and after a gap, but learns mission mode", () => {
    expect(titles([interrupt(RDDM, M3, AMSS, M0)])).toEqual([]);
    expect(titles([...booted, gap, interrupt(SBL, READY, AMSS, M0)])).toEqual([]);
    expect(titles([interrupt(AMSS, M0, AMSS, M0), interrupt(SBL, M0, AMSS, M0)])).toEqual([wrongEe("SBL")]);
    expect(titles([interrupt(AMSS, M0, AMSS, M0), interrupt(DISABLE, RESET, AMSS, M0)])).toEqual([]);
  });

  it("does not compare what a probe reads at another moment", () => {
    const probed = { ...interrupt(SBL, M0, AMSS, M0), source: "kprobe" };
    expect(titles([...booted, probed])).toEqual([]);
  });

  const unasked = "SYS_ERR: device reported a system error in M0 (EE AMSS), unasked";
  const missed = "SYS_ERR: an interrupt showed it and the host did not detect it";
  const crashed = interrupt(AMSS, M0, AMSS, SYS_ERR);

  it("wants SYS_ERR to be detected when an interrupt shows it", () => {
    expect(titles([...ready, crashed, pm(PmState.SYS_ERR_DETECT)])).toEqual([unasked]);
    expect(titles([...ready, crashed], 2000)).toEqual([missed]);
    expect(titles([...ready, crashed, pm(PmState.M3_ENTER)])).toContain(missed);
    expect(titles([...ready, crashed, crashed])).toContain(missed);
  });

  it("asks for no detection where the table has none, or nothing is known", () => {
    expect(titles([...ready, pm(PmState.SHUTDOWN_PROCESS), interrupt(DISABLE, RESET, AMSS, SYS_ERR)], 2000)).toEqual(
      [],
    );
    expect(titles([crashed], 2000)).toEqual([]);
    expect(titles([...ready, gap, crashed], 2000)).toEqual([]);
    expect(judgeShort([...ready, crashed, gap], 2000)).toMatchObject([{ title: missed, outcome: "inconclusive" }]);
  });
});

describe("device-view", () => {
  it("lets a device doze off by itself, and go to M3 when told", () => {
    expect(titles([...ready, interrupt(AMSS, M0, AMSS, M1)])).toEqual([]);
    expect(titles([...ready, pm(PmState.M3_ENTER), interrupt(AMSS, M0, AMSS, M3), state(5), pm(PmState.M3)])).toEqual(
      [],
    );
  });

  it("sees a device that sleeps unasked or has started anew", () => {
    expect(titles([...ready, interrupt(AMSS, M0, AMSS, M3)])).toEqual(["device shows M3 while the host is in M0"]);
    expect(judgeShort([...ready, interrupt(AMSS, M0, AMSS, READY)])).toMatchObject([
      {
        title: "device has started anew without SYS_ERR: it shows READY while the host is in M0",
        failure: "link-loss",
      },
    ]);
  });

  it("says nothing where the host resets, powers up, or is not known", () => {
    expect(titles([...booted.slice(0, 2), interrupt(MAX, RESET, AMSS, RESET), ...booted.slice(2)])).toEqual([]);
    expect(titles([...ready, pm(PmState.SHUTDOWN_PROCESS), interrupt(DISABLE, RESET, AMSS, RESET)])).toEqual([]);
    expect(titles([interrupt(AMSS, M0, AMSS, M3)])).toEqual([]);
    expect(titles([...ready, gap, interrupt(AMSS, M0, AMSS, M3)])).toEqual([]);
  });
});

describe("ee-progression", () => {
  const loader = [pm(PmState.DISABLE), worker(WorkerItem.PBL), pm(PmState.POR), state(2), pm(PmState.M0)];
  const sbl = [element(0x40, SBL), worker(WorkerItem.SBL)];
  const amss = [element(0x40, AMSS), worker(WorkerItem.MISSION_MODE)];

  it("lets a modem come up at once, over SBL, or into the flash programmer", () => {
    expect(titles(booted)).toEqual([]);
    expect(titles([...loader, ...sbl, ...amss])).toEqual([]);
    expect(titles([...loader, ...amss])).toEqual([]);
    expect(titles([...loader, element(0x40, FP), worker(WorkerItem.FP)])).toEqual([]);
  });

  it("lets nothing go down or sideways without a reset", () => {
    expect(titles([...loader, ...amss, ...sbl])).toEqual(["device told SBL after AMSS, without a reset between"]);
    expect(titles([...loader, ...amss, element(0x40, FP), worker(WorkerItem.FP)])).toEqual([
      "device told FP after AMSS, without a reset between",
    ]);
    expect(titles([...booted, ...amss])).toEqual(["device told AMSS again, without a reset between"]);
    // a power-up that begins with READY found AMSS
    expect(titles([...booted.slice(0, 5), ...sbl])).toEqual(["device told SBL after AMSS, without a reset between"]);
  });

  it("lets an EE be told once for each READY handshake: two of them may follow one SYS_ERR", () => {
    const twice = [
      ...booted,
      state(SYS_ERR),
      pm(PmState.SYS_ERR_DETECT),
      worker(WorkerItem.SYS_ERR),
      pm(PmState.SYS_ERR_PROCESS),
      worker(WorkerItem.SYS_ERR),
      worker(WorkerItem.READY),
      pm(PmState.POR),
      worker(WorkerItem.READY),
      pm(PmState.POR),
      state(2),
      pm(PmState.M0),
      element(0x40, AMSS),
      state(2),
      pm(PmState.M0),
      element(0x40, AMSS),
      worker(WorkerItem.MISSION_MODE),
      worker(WorkerItem.MISSION_MODE),
    ];
    expect(titles(twice)).toEqual(["SYS_ERR: device reported a system error in M0 (EE AMSS), unasked"]);
  });

  it("knows which family tells what", () => {
    expect(titles([...loader, element(0x40, WFW), worker(WorkerItem.MISSION_MODE)])).toEqual([
      "device told WFW, which firmware of this family does not",
    ]);
    expect(titles([...booted, element(0x40, PBL)])).toEqual([
      "device told PBL, which firmware of this family does not",
    ]);
    const engine = new RuleEngine({ family: aic100, kernel: "6.12" });
    for (const [index, event] of [...loader, ...amss].entries()) {
      engine.feed({ cpu: 0, pid: 7, controller: "mhi0", ...event, tNs: index * 1e6 } as unknown as MhiEvent, index);
    }
    expect(engine.findings.map(({ title }) => title)).toEqual(["device told AMSS without SBL before it"]);
  });

  it("waits for the first EE after M0", () => {
    const silent = "boot: device did not tell its execution environment within 20 s after M0";
    expect(titles(booted.slice(0, 5), 26_000)).toEqual([silent]);
    expect(titles(booted.slice(0, 5), 24_000)).toEqual([]);
    expect(titles([...booted.slice(0, 5), pm(PmState.LD_ERR_FATAL_DETECT)], 26_000)).not.toContain(silent);
    expect(titles(fromReady.slice(2, 4), 26_000)).toEqual([]); // what was told before is not known
  });

  it("wants an EE that the register shows to be told too", () => {
    const shown = [...booted.slice(0, 3), interrupt(MAX, READY, AMSS, M0)];
    const untold = "device shows AMSS and did not tell it";
    expect(titles([...shown, ...booted.slice(3)])).toEqual([]);
    expect(titles([...shown, ...booted.slice(3, 5)], 60_000)).toContain(untold);
    expect(judgeShort([...shown, ...booted.slice(3, 5), gap], 60_000)).not.toContainEqual(
      expect.objectContaining({ title: untold, outcome: "fail" }),
    );
  });

  it("sees a device that falls back without SYS_ERR", () => {
    const fell = (name: string) => `device shows ${name} after AMSS, and neither was reset nor told SYS_ERR`;
    const back = [...ready, interrupt(AMSS, M0, PBL, M0)];
    expect(titles(back, 60_000)).toEqual([fell("PBL")]);
    expect(titles([...back, interrupt(AMSS, M0, AMSS, M0)])).toEqual([fell("PBL")]);
    const told = [...back, interrupt(AMSS, M0, PBL, SYS_ERR), pm(PmState.SYS_ERR_DETECT)];
    expect(titles(told, 100)).not.toContain(fell("PBL"));
    expect(titles([gap, interrupt(AMSS, M0, PBL, M0)], 60_000)).toEqual([]);
  });
});
