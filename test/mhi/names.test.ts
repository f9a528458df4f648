/** The tables against the words of a real kernel: `print fmt` of its own format files. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ChannelCommand, channelCommandName } from "../../harness/mhi/channel.ts";
import { ExecEnv, execEnvName, isInPbl, isMissionMode } from "../../harness/mhi/exec-env.ts";
import { MhiState, mhiStateName } from "../../harness/mhi/mhi-state.ts";
import { PM_STATE_TEXT, PmState, pmStateName } from "../../harness/mhi/pm-state.ts";
import { WORKER_ITEM_TEXT, WorkerItem, workerItemName } from "../../harness/mhi/worker-item.ts";
import { recordNames } from "../../harness/record/names.ts";

const recording = readFileSync(new URL("../data/mhi/mhi_host-formats-6.12-and-7.2.txt", import.meta.url), "utf8");

/** `{ number: word }` of one field of one event, read here on its own: not by the code that the product reads it with. */
function kernelTable(event: string, field: string): Record<number, string> {
  const part = recording.split("##### ").find((text) => text.includes(`name: ${event}\n`)) ?? "";
  const list = part.split(`__print_symbolic(REC->${field}, `)[1]?.split("})")[0] ?? "";
  const pairs = [...list.matchAll(/\{ (\d+), "([^"]*)"/g)].map((match) => [Number(match[1]), match[2] ?? ""] as const);
  if (pairs.length === 0) throw new Error(`the recording has no table for ${event}.${field}`);
  return Object.fromEntries(pairs);
}

const asTable = (words: readonly string[]): Record<number, string> => Object.fromEntries(words.entries());

describe("words of the kernel", () => {
  test("PM states: all of them, at their numbers", () => {
    expect(asTable(PM_STATE_TEXT)).toEqual(kernelTable("mhi_tryset_pm_state", "pm_state"));
  });

  test("worker items", () => {
    expect(asTable(WORKER_ITEM_TEXT)).toEqual(kernelTable("mhi_pm_st_transition", "state"));
    expect(workerItemName(WorkerItem.FP)).toBe("FLASH PROGRAMMER");
  });

  test("channel commands", () => {
    const kernel = kernelTable("mhi_channel_command_start", "state");
    expect(kernelTable("mhi_channel_command_end", "state")).toEqual(kernel);
    expect(Object.fromEntries(Object.entries(ChannelCommand).map(([name, value]) => [value, name]))).toEqual(kernel);
    for (const [command, word] of Object.entries(kernel)) expect(channelCommandName(Number(command))).toBe(word);
  });

  test("MHI states: our short names are the kernel's words, but for the blank in SYS ERROR", () => {
    const kernel = kernelTable("mhi_intvec_states", "dev_state");
    expect(kernelTable("mhi_ctrl_event", "state")).toEqual(kernel);
    const ours = Object.values(MhiState).filter((state) => state !== MhiState.MAX);
    expect(Object.fromEntries(ours.map((state) => [state, mhiStateName(state).replace("_ERR", " ERROR")]))).toEqual(
      kernel,
    );
  });

  test("execution environments: the kernel's word begins at the number that ours has", () => {
    // Our names are the enum's, the kernel prints them in full: the pairs are spelt out here.
    const full: Record<keyof Omit<typeof ExecEnv, "MAX">, string> = {
      PBL: "PRIMARY BOOTLOADER",
      SBL: "SECONDARY BOOTLOADER",
      AMSS: "MISSION MODE",
      RDDM: "RAMDUMP DOWNLOAD MODE",
      WFW: "WLAN FIRMWARE",
      PTHRU: "PASS THROUGH",
      EDL: "EMERGENCY DOWNLOAD",
      FP: "FLASH PROGRAMMER",
      DISABLE: "DISABLE",
      NOT_SUPPORTED: "NOT SUPPORTED",
    };
    const { MAX, ...listed } = ExecEnv;
    const kernel = kernelTable("mhi_intvec_states", "dev_ee");
    expect(Object.fromEntries(Object.entries(listed).map(([name, ee]) => [ee, Reflect.get(full, name)]))).toEqual(
      kernel,
    );
    expect(MAX).toBe(Object.keys(kernel).length);
  });

  test("every name goes back to its number", () => {
    for (const [name, state] of Object.entries(PmState)) expect(pmStateName(state)).toBe(name);
    for (const [name, ee] of Object.entries(ExecEnv)) expect(execEnvName(ee)).toBe(name === "MAX" ? "unknown" : name);
    for (const [name, state] of Object.entries(MhiState)) {
      expect(mhiStateName(state)).toBe(name === "MAX" ? "0x100" : name);
    }
  });
});

describe("numbers outside a table", () => {
  test("an all-ones read shows as what it is, not as a negative number", () => {
    expect(execEnvName(0xffffffff)).toBe("0xffffffff");
    expect(execEnvName(-1)).toBe("0xffffffff");
    expect(mhiStateName(-1)).toBe("0xffffffff");
    expect(mhiStateName(8)).toBe("0x8");
  });

  test("they are told by their number", () => {
    expect(pmStateName(13)).toBe("PM#13");
    expect(workerItemName(8)).toBe("item#8");
    expect(channelCommandName(3)).toBe("command#3");
  });
});

/** MHI_IN_MISSION_MODE and MHI_IN_PBL (design facts 3.1). */
test("groups of execution environments", () => {
  const members = (group: (ee: number) => boolean): string[] =>
    Object.entries(ExecEnv)
      .filter(([, ee]) => group(ee))
      .map(([name]) => name);
  expect(members(isMissionMode)).toEqual(["AMSS", "WFW", "FP"]);
  expect(members(isInPbl)).toEqual(["PBL", "PTHRU", "EDL"]);
  expect([isMissionMode(0xffffffff), isInPbl(0xffffffff)]).toEqual([false, false]);
});

describe("names for a reader of a record", () => {
  test("hold all tables whole", () => {
    const names = recordNames("sdx55");
    expect(names.pmText).toEqual(kernelTable("mhi_tryset_pm_state", "pm_state"));
    expect(names.worker).toEqual(kernelTable("mhi_pm_st_transition", "state"));
    expect(names.command).toEqual(kernelTable("mhi_channel_command_start", "state"));
    expect(Object.keys(names.mhiState)).toEqual(Object.keys(kernelTable("mhi_intvec_states", "state")));
    expect(names.execEnv[3]).toBe("RDDM");
    expect(names.elementType[0x40]).toBe("EE_EVENT");
    expect(names.completion[2]).toBe("EOT");
    expect(names.channel[20]).toBe("IPCR");
  });

  test("a family of another version has no channels, and is no error", () => {
    expect(recordNames("sdx99").channel).toEqual({});
    expect(recordNames("sdx99").pm[1]).toBe("POR");
  });
});
