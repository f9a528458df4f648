import { describe, expect, test } from "vitest";
import { qaicControl } from "../../../harness/endpoint/functions/qaic-control.ts";
import {
  decodeQrtr,
  encodeQrtr,
  HOST_NODE,
  QRTR_PORT_CTRL,
  QrtrType,
  qrtrNode,
} from "../../../harness/endpoint/functions/qrtr.ts";
import { wlfw } from "../../../harness/endpoint/functions/wlfw.ts";
import { portTo } from "./function-bench.ts";

/** HELLO as kernel 6.12 sends it over IPCR: qrtr_hdr_v1, then qrtr_ctrl_pkt with its command alone. */
const HELLO_OF_KERNEL = `010000000200000001000000feffffff0000000014000000fffffffffeffffff${"02".padEnd(40, "0")}`;

function node(instance?: number) {
  const sent: Buffer[] = [];
  const made = qrtrNode(portTo(sent), instance === undefined ? undefined : wlfw(instance));
  return { made, sent, told: () => sent.map((frame) => decodeQrtr(frame)) };
}

test("a kernel's HELLO is read", () => {
  expect(decodeQrtr(Buffer.from(HELLO_OF_KERNEL, "hex"))).toMatchObject({
    type: QrtrType.HELLO,
    from: { node: HOST_NODE, port: QRTR_PORT_CTRL },
    confirm: false,
  });
});

test.each([
  ["short", Buffer.alloc(31)],
  ["another version", Buffer.alloc(64, 3)],
  ["a payload that is not there", Buffer.from(HELLO_OF_KERNEL, "hex").subarray(0, 40)],
])("no frame: %s", (_name, bytes) => {
  expect(decodeQrtr(bytes)).toBeUndefined();
  const { made, sent } = node(0x101);
  made.receive(bytes);
  expect(sent).toEqual([]);
});

describe("a node with a service", () => {
  test("says hello, then announces it", () => {
    const { made, told } = node(0x0701);
    made.started?.();
    expect(told().map((packet) => packet?.type)).toEqual([QrtrType.HELLO, QrtrType.NEW_SERVER]);
    const announced = told()[1]?.payload ?? Buffer.alloc(20);
    expect([0, 4, 8, 12].map((at) => announced.readUInt32LE(at))).toEqual([4, 0x45, 0x0701, 7]);
  });

  test("without one it says hello only", () => {
    const { made, told } = node();
    made.started?.();
    expect(told().map((packet) => packet?.type)).toEqual([QrtrType.HELLO]);
  });

  test("a QMI request is refused: same transaction and message, result 1", () => {
    const { made, sent, told } = node(0x101);
    made.started?.();
    const port = told()[1]?.payload.readUInt32LE(16) ?? 0;
    sent.length = 0;
    const request = Buffer.from("00" + "0300" + "2000" + "0400" + "10010001", "hex");
    const from = { node: HOST_NODE, port: 0x4000 };
    made.receive(encodeQrtr({ type: QrtrType.DATA, from, to: { node: 7, port }, payload: request }));
    expect(told()).toMatchObject([{ type: QrtrType.DATA, to: from }]);
    expect(told()[0]?.payload.toString("hex")).toBe("02" + "0300" + "2000" + "0700" + "02" + "0400" + "0100" + "5e00");
    made.receive(encodeQrtr({ type: QrtrType.DATA, from, to: { node: 7, port: 9 }, payload: request }));
    expect(sent).toHaveLength(1);
  });

  test("who waits for it is told to go on", () => {
    const { made, told } = node(0x101);
    const frame = Buffer.from(HELLO_OF_KERNEL, "hex");
    frame.writeUInt32LE(1, 16);
    made.receive(frame);
    expect(told()).toMatchObject([{ type: QrtrType.RESUME_TX, to: { node: HOST_NODE, port: QRTR_PORT_CTRL } }]);
  });
});

describe("QAIC_CONTROL", () => {
  const query = (): Buffer => {
    const message = Buffer.alloc(40);
    [0, 0x43494151, 17, 40, 1, 0xffffffff, 0xffffffff, 0, 15, 8].forEach((value, index) => {
      message.writeUInt32LE(value >>> 0, 4 * index);
    });
    return message;
  };
  const answers = (message: Buffer): Buffer[] => {
    const sent: Buffer[] = [];
    qaicControl(portTo(sent)).receive(message);
    return sent;
  };

  test("a status query is answered: same sequence, version 5.0, no error, no CRC", () => {
    const [answer = Buffer.alloc(56)] = answers(query());
    expect(answer).toHaveLength(56);
    expect([1, 2, 3, 4, 8, 9].map((index) => answer.readUInt32LE(4 * index))).toEqual([0x43494151, 17, 56, 1, 14, 24]);
    expect([
      answer.readUInt16LE(40),
      answer.readUInt16LE(42),
      answer.readUInt32LE(44),
      answer.readBigUInt64LE(48),
    ]).toEqual([5, 0, 0, 0n]);
  });

  test.each([
    ["short", (message: Buffer) => message.subarray(0, 39)],
    ["another magic", (message: Buffer) => message.fill(0, 4, 8)],
    ["another transaction", (message: Buffer) => message.fill(9, 32, 33)],
  ])("%s: silence", (_name, spoil) => {
    expect(answers(spoil(query()))).toEqual([]);
  });
});
