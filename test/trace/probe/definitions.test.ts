import { describe, expect, it } from "vitest";
import { Btf } from "../../../harness/trace/probe/btf.ts";
import { missedHits, type Probe, probeCandidates, unseenBy } from "../../../harness/trace/probe/definitions.ts";
import type { DriverFunction } from "../../../harness/trace/probe/driver-code.ts";
import { driverLayout } from "../../../harness/trace/probe/driver-layout.ts";
import { driverBtf } from "./btf-builder.ts";

const { vmlinux, mhi } = driverBtf();
const layout = driverLayout(new Btf(mhi, new Btf(vmlinux)));
if (typeof layout === "string") throw new Error(layout);

const START = 0xffff_ffff_c025_6000n;
const functionsOf = (code: Readonly<Record<string, string>>): Map<string, DriverFunction> =>
  new Map(
    Object.entries(code).map(([name, hex], index) => {
      const address = START + BigInt(index) * 0x1000n;
      return [name, { name, address, code: Buffer.from(hex.replaceAll(" ", ""), "hex") }];
    }),
  );

/** `movl $N,0x154(%rbx)`. */
const setsPm = (mask: number): string => `90 c7 83 54 01 00 00 ${Buffer.from([mask, 0, 0, 0]).toString("hex")} c3`;
/** As 6.1.176 is built: what moves the PM state has the write in itself, the worker by its work item. */
const BUILD = {
  mhi_tryset_pm_state: "89 b7 54 01 00 00 c3",
  mhi_ready_state_transition: setsPm(2),
  mhi_pm_m0_transition: setsPm(4),
  mhi_pm_m1_transition: setsPm(8),
  mhi_pm_m3_transition: setsPm(32),
  mhi_pm_suspend: setsPm(16),
  mhi_pm_resume: "90 c3",
  __mhi_pm_resume: setsPm(64),
  mhi_pm_st_worker: "c7 43 bc 00 02 00 00 c3",
  mhi_power_down: "89 ab 54 01 00 00 c7 83 54 01 00 00 00 10 00 00 c3",
  mhi_async_power_up: setsPm(1),
  mhi_process_ctrl_ev_ring: "48 89 43 50 c3",
  mhi_process_data_event_ring: "48 89 43 50 c3",
  mhi_gen_tre: "48 89 83 98 00 00 00 c3",
  mhi_update_channel_state: "c3",
};
const candidates = (build: Readonly<Record<string, string>> = BUILD): Probe[] =>
  probeCandidates(functionsOf(build), layout);
const lineOf = (owner: string, probes = candidates()): string[] =>
  probes.filter((probe) => probe.owner === owner).map(({ line }) => line);

describe("probes of a build", () => {
  it("stand on the write to the PM state, with its old and new value", () => {
    expect(lineOf("mhi_tryset_pm_state")).toEqual([
      "p:mhi_hil/pm_0 mhi:mhi_tryset_pm_state+0 name=+0(+8(+8(%di))):string old=+340(%di):u32 new=%si:u32 states=\\13:u32",
    ]);
    expect(lineOf("mhi_pm_m0_transition")[0]).toContain("mhi:mhi_pm_m0_transition+1 ");
    expect(lineOf("mhi_pm_m0_transition")[0]).toContain("new=\\4:u32");
  });

  it("reach the controller from the work item inside it, in the worker", () => {
    expect(lineOf("mhi_pm_st_worker")).toEqual([
      expect.stringContaining("name=+0(+8(-400(%bx))):string old=-68(%bx):u32 new=\\512:u32"),
    ]);
  });

  it("keep states that the driver sets without asking apart", () => {
    const events = (owner: string): string[] =>
      candidates()
        .filter((probe) => probe.owner === owner)
        .map(({ event }) => event.replace(/\d+/, "N"));
    expect(events("mhi_power_down")).toEqual(["pm_N", "direct_N"]);
    expect(events("mhi_async_power_up")).toEqual(["direct_N"]);
  });

  it("tell the element that a ring steps over", () => {
    expect(lineOf("mhi_process_ctrl_ev_ring")).toEqual([
      "p:mhi_hil/ctrl_begin mhi:mhi_process_ctrl_ev_ring ring=%si:x64",
      "r:mhi_hil/ctrl_end mhi:mhi_process_ctrl_ev_ring ret=$retval:s32",
      expect.stringContaining("slot=+80(%bx):x64 base=+72(%bx):x64 bytes=+104(%bx):u64 ptr=+0(+80(%bx)):x64"),
    ]);
    expect(lineOf("mhi_gen_tre")[0]).toContain("name=+0(+8(+8(+16(+272(%bx))))):string channel=+200(%bx):u32");
  });

  it("find the step of both event rings in a function of its own, from the ring inside its mhi_event", () => {
    const { mhi_process_ctrl_ev_ring: _c, mhi_process_data_event_ring: _d, ...rest } = BUILD;
    const build = {
      ...rest,
      mhi_process_ctrl_ev_ring: "c3",
      mhi_process_data_event_ring: "c3",
      "mhi_recycle_ev_ring_element.isra.0": "48 89 47 28 c3",
    };
    const [line] = lineOf("mhi_recycle_ev_ring_element.isra.0", candidates(build));
    expect(line).toContain(
      "p:mhi_hil/step_0 mhi:mhi_recycle_ev_ring_element.isra.0+0 name=+0(+8(+8(-40(%di)))):string",
    );
    expect(line).toContain("within=\\40:u32");
    expect(unseenBy(candidates(build), functionsOf(build))).toEqual([]);
  });

  it("have names that the kernel takes: 64 characters, lines under 4096", () => {
    for (const { event, line } of candidates()) {
      expect(event).toMatch(/^[a-z][a-z_0-9]{1,40}$/);
      expect(line.length).toBeLessThan(4096);
    }
  });
});

describe("what a set of probes cannot see", () => {
  const functions = functionsOf(BUILD);
  const without = (pattern: RegExp) =>
    unseenBy(
      candidates().filter(({ event }) => !pattern.test(event)),
      functions,
    );

  it("is nothing when each place has its probe", () => {
    expect(unseenBy(candidates(), functions)).toEqual([]);
  });

  it.each([
    [/^pm_|^direct_/, "PM states", true],
    [/^ctrl_\d/, "control events", true],
    [/^ctrl_begin/, "control events", true],
    [/^data_\d/, "data events", false],
    [/^tre_/, "queued buffers", false],
    [/^chan_end/, "channel commands", false],
  ])("without %s: %s", (pattern, what, vital) => {
    expect(without(pattern)).toEqual([expect.objectContaining({ what, vital })]);
  });

  it("names the function whose moves of the PM state would be missed", () => {
    const accepted = candidates().filter(({ owner }) => owner !== "mhi_pm_suspend");
    expect(unseenBy(accepted, functions)).toEqual([
      { what: "PM states set in mhi_pm_suspend", kind: "pm", vital: false },
    ]);
  });

  it("counts a call of mhi_tryset_pm_state as seen, as in builds that keep it apart", () => {
    const order = Object.keys(BUILD);
    const apart = (order.indexOf("mhi_tryset_pm_state") - order.indexOf("mhi_pm_suspend")) * 0x1000 - 5;
    const call = Buffer.alloc(5, 0xe8);
    call.writeInt32LE(apart, 1);
    const build = { ...BUILD, mhi_pm_suspend: `${call.toString("hex")} c3` };
    expect(unseenBy(candidates(build), functionsOf(build))).toEqual([]);
  });
});

it("hits that the kernel missed are counted, of our probes and no others", () => {
  const profile = [
    "  pm_0                                                      12               0",
    "  ctrl_end                                                   9               2",
    "  tre_0                                                    300              40",
    "  somebody_elses                                             1              99",
  ].map((line) => `/sys/kernel/tracing/kprobe_profile:${line}`);
  expect(missedHits(`cpu0/stats:entries: 3\n${profile.join("\n")}\n`)).toBe(42);
});
