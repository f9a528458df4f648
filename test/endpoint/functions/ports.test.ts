import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atModem } from "../../../harness/endpoint/functions/at-modem.ts";
import { crc16, decodeHdlc, diag, encodeHdlc } from "../../../harness/endpoint/functions/diag.ts";
import type { FunctionFactory } from "../../../harness/endpoint/functions/function.ts";
import { mbimControl } from "../../../harness/endpoint/functions/mbim-control.ts";
import { qmiControl } from "../../../harness/endpoint/functions/qmi-control.ts";
import { functionBench } from "./function-bench.ts";

function talk(factory: FunctionFactory) {
  const { made, sent } = functionBench(factory);
  return (message: string | Buffer, encoding: BufferEncoding = "hex"): string => {
    sent.length = 0;
    made.receive(typeof message === "string" ? Buffer.from(message, encoding) : message);
    return Buffer.concat(sent).toString(encoding);
  };
}

describe("AT", () => {
  test.each([
    ["AT\r", "\r\nOK\r\n"],
    ["at\r", "\r\nOK\r\n"],
    ["AT+CSQ\r", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],
    ["AT+NONE\r", "\r\nERROR\r\n"],
    ["AT\r\nATZ\r", "\r\nOK\r\n\r\nOK\r\n"],
    ["AT", ""],
    ["\r", ""],
  ])("%j -> %j", (command, answer) => {
    expect(talk(atModem)(command, "latin1")).toBe(answer);
  });

  test("a line in pieces, and echo", () => {
    const say = talk(atModem);
    expect([say("A", "latin1"), say("TE", "latin1"), say("1\rAT\r", "latin1")]).toEqual([
      "",
      "",
      "\r\nOK\r\nAT\r\r\nOK\r\n",
    ]);
  });
});

describe("QMI control", () => {
  const SYNC = "010b00000000000127000000";
  const OK = "02040000000000";

  test("SYNC, by the bytes", () => {
    expect(talk(qmiControl)(SYNC)).toBe(`0112008000000101270007${"00"}${OK}`);
  });

  test("versions: CTL, WDS, DMS, NAS", () => {
    const answer = talk(qmiControl)("010b00000000000221000000");
    expect(answer.slice(0, 24)).toBe("012a0080000001022100" + "1f00");
    expect(answer.slice(24)).toBe(`${OK}011500${"04"}0001000500${"0101004300"}${"0201000e00"}${"0301001900"}`);
  });

  test("clients: given, given again with another number, released once, forgotten by SYNC", () => {
    const say = talk(qmiControl);
    const get = "010f0000000000032200040001010002";
    const release = "01100000000000042300050001020002" + "01";
    expect(say(get).slice(-4)).toBe("0201");
    expect(say(get).slice(-4)).toBe("0202");
    expect(say(release).slice(24)).toBe(`${OK}0102000201`);
    expect(say(release).slice(24, 38)).toBe("02040001000500");
    say(SYNC);
    expect(say(get).slice(-4)).toBe("0201");
  });

  test("another message of the service: not supported; another service, or what is malformed: silence", () => {
    expect(talk(qmiControl)("010b000000000005ff000000").slice(24)).toBe("02040001005e00");
    for (const frame of [
      "",
      "01",
      "010b00000201000127000000",
      "020b00000000000127000000",
      "010c00000000000127000000",
      "010b00000000000127000100",
      "010e0000000000012200030001090002",
    ]) {
      expect(talk(qmiControl)(frame), frame).toBe("");
    }
  });
});

describe("MBIM", () => {
  const OPEN = "01000000100000000100000000100000";
  const CAPS = `03000000${"30000000"}02000000${"01000000"}00000000a289cc33bcbb8b4fb6b0133ec2aae6df${"01000000"}00000000${"00000000"}`;

  test("open, capabilities, close, and nothing before it is open", () => {
    const say = talk(mbimControl);
    expect(say(CAPS)).toBe("04000080100000000200000005000000");
    expect(say(OPEN)).toBe("01000080100000000100000000000000");
    const caps = say(CAPS);
    expect(caps.slice(0, 96)).toBe(
      `03000080${"70000000"}02000000${"01000000"}00000000a289cc33bcbb8b4fb6b0133ec2aae6df${"01000000"}00000000${"40000000"}`,
    );
    expect(caps).toHaveLength(224);
    expect(say(CAPS.replace("a289", "a288")).slice(80)).toBe(`09000000${"00000000"}`);
    expect(say("020000000c00000003000000")).toBe("02000080100000000300000000000000");
    expect(say(CAPS).slice(0, 8)).toBe("04000080");
  });

  test.each(["", "01000000", "01000000110000000100000000100000"])("malformed: %s", (message) => {
    expect(talk(mbimControl)(message)).toBe("");
  });
});

describe("DIAG", () => {
  test("CRC-16/X-25: its check value", () => {
    expect(crc16(Buffer.from("123456789"))).toBe(0x906e);
  });

  test("version is answered with a version; all else comes back", () => {
    const version = encodeHdlc(Buffer.from([0]));
    expect(version.toString("hex")).toBe("0078f07e");
    const answer = decodeHdlc(Buffer.from(talk(diag)(version), "hex"));
    expect([answer?.[0], answer?.length]).toEqual([0, 56]);
    expect(talk(diag)("7e0123456789abcdef7e")).toBe("7e0123456789abcdef7e");
    expect(talk(diag)("0078f17e"), "a wrong checksum").toBe("0078f17e");
    expect(talk(diag)("")).toBe("");
  });

  test("any payload survives its frame", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        expect(decodeHdlc(encodeHdlc(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

test("noise throws in none of them", () => {
  for (const factory of [atModem, qmiControl, mbimControl, diag]) {
    const say = talk(factory);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        say(Buffer.from(bytes));
      }),
      { numRuns: 500 },
    );
  }
});
