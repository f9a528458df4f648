/** Ring elements and registers, by values that a real driver wrote and read (design facts 1.5, 4.1). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MhiState, mhiStateName } from "../../harness/mhi/mhi-state.ts";
import * as registers from "../../harness/mhi/registers.ts";
import {
  CompletionCode,
  completionCodeName,
  ElementType,
  elementChannel,
  elementCode,
  elementLength,
  elementType,
  elementTypeName,
  TRE_BEI,
  TRE_CHAIN,
  TRE_IEOB,
  TRE_IEOT,
} from "../../harness/mhi/ring-element.ts";

describe("ring elements", () => {
  test.each([
    ["M0 reached", 0x02000000, 0x00200000, { type: "STATE_CHANGE_EVENT", code: 2, channel: 0, length: 0 }],
    ["mission mode", 0x02000000, 0x00400000, { type: "EE_EVENT", code: 2, channel: 0, length: 0 }],
    ["channel 101 started", 0x01000000, 0x65210000, { type: "CMD_COMPLETION_EVENT", code: 1, channel: 101, length: 0 }],
    ["20 bytes on channel 21", 0x02000014, 0x15220000, { type: "TX_EVENT", code: 2, channel: 21, length: 20 }],
    ["all ones", 0xffffffff, 0xffffffff, { type: "type 0xff", code: 255, channel: 255, length: 0xffff }],
  ])("%s", (_name, dword0, dword1, expected) => {
    expect({
      type: elementTypeName(elementType(dword1)),
      code: elementCode(dword0),
      channel: elementChannel(dword1),
      length: elementLength(dword0),
    }).toEqual(expected);
  });

  test("a signed dword, as a trace field may give it, reads the same", () => {
    expect(elementCode(0xff000000 | 0)).toBe(255);
    expect(elementChannel(0x80000000 | 0)).toBe(128);
    expect(elementType(-1)).toBe(0xff);
  });

  test("elements of a recorded boot: every type is known, and a control event's State is its own code", () => {
    const text = readFileSync(new URL("../data/judge/20-k6.12-sdx55-nominal.trace.txt", import.meta.url), "utf8");
    const pattern = /mhi_ctrl_event: .*DWORD0: 0x([0-9a-f]+) DWORD1: 0x([0-9a-f]+) State: (.+)$/gm;
    const elements = [...text.matchAll(pattern)].map(([, dword0 = "", dword1 = "", state = ""]) => ({
      dword0: Number.parseInt(dword0, 16),
      dword1: Number.parseInt(dword1, 16),
      state,
    }));
    expect(elements.length).toBeGreaterThan(20);
    const types = new Set(elements.map(({ dword1 }) => elementTypeName(elementType(dword1))));
    expect(types).toContain("STATE_CHANGE_EVENT");
    expect(types).toContain("CMD_COMPLETION_EVENT");
    expect([...types].filter((name) => name.startsWith("type "))).toEqual([]);
    for (const { dword0, state } of elements) {
      expect(mhiStateName(elementCode(dword0)).replace("SYS_ERR", "SYS ERROR")).toBe(state);
    }
  });

  test("names", () => {
    expect(completionCodeName(CompletionCode.EOT)).toBe("EOT");
    expect(completionCodeName(CompletionCode.BAD_TRE)).toBe("BAD_TRE");
    expect(completionCodeName(9)).toBe("code 0x9");
    expect(elementTypeName(ElementType.START_CHAN_CMD)).toBe("START_CHAN_CMD");
  });

  test("bits of a transfer element do not overlap", () => {
    expect([TRE_CHAIN, TRE_IEOB, TRE_IEOT, TRE_BEI]).toEqual([0x001, 0x100, 0x200, 0x400]);
  });
});

describe("registers", () => {
  test.each([
    ["RESET", 0x0000, MhiState.RESET],
    ["READY", 0x0101, MhiState.READY],
    ["M0", 0x0201, MhiState.M0],
    ["M2", 0x0401, MhiState.M2],
    ["M3", 0x0501, MhiState.M3],
    ["SYS_ERR", 0xff04, MhiState.SYS_ERR],
    ["a link that is gone", 0xffffffff, MhiState.SYS_ERR],
  ])("MHISTATUS of %s", (_name, value, state) => {
    expect(registers.stateField(value)).toBe(state);
    expect((value & registers.MHISTATUS_SYSERR) !== 0).toBe(state === MhiState.SYS_ERR);
  });

  test("every MHI register's offset gives its own name back", () => {
    // What is neither a bit nor of another block is a register of the MHI block.
    const isMhi = (name: string): boolean => !/^(BHI_|BHIE_|MHICTRL_RESET|MHISTATUS_)/.test(name);
    const offsets = Object.entries(registers).flatMap(([name, value]) =>
      typeof value === "number" && isMhi(name) ? [[name, value] as const] : [],
    );
    expect(offsets).toHaveLength(27);
    expect(new Set(offsets.map(([, offset]) => offset)).size).toBe(27);
    for (const [name, offset] of offsets) expect(registers.mhiRegisterName(offset)).toBe(name);
    expect(registers.mhiRegisterName(0x3c)).toBeUndefined();
  });

  test("places that the driver and the facts agree on", () => {
    expect([registers.MHICTRL, registers.MHISTATUS, registers.CCABAP_LOWER, registers.CRDB_LOWER]).toEqual([
      0x38, 0x48, 0x58, 0x70,
    ]);
    expect([registers.BHI_INTVEC, registers.BHI_EXECENV, registers.BHI_STATUS]).toEqual([0x20, 0x28, 0x2c]);
    expect([registers.BHIE_TXVECDB, registers.BHIE_TXVECSTATUS, registers.BHIE_RXVECSTATUS]).toEqual([
      0x3c, 0x44, 0x78,
    ]);
    expect(registers.MHICTRL_RESET).toBe(2);
  });
});
