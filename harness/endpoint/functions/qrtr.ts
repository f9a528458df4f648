/**
 * QRTR over IPCR: frames, and a node that says hello and announces one service.
 *
 *   0 u32 version 1   4 type   8 source node   12 source port   16 confirm   20 payload bytes   24 node   28 port
 *   32 payload, padded to 4 bytes
 *
 * Source: struct qrtr_hdr_v1 of net/qrtr/af_qrtr.c, struct qrtr_ctrl_pkt of include/uapi/linux/qrtr.h, net/qrtr/ns.c.
 */
import type { ChannelFunction, FunctionPort } from "./function.ts";

const HEADER_BYTES = 32;
const VERSION_1 = 1;
export const QRTR_PORT_CTRL = 0xfffffffe;

export const QrtrType = { DATA: 1, HELLO: 2, NEW_SERVER: 4, RESUME_TX: 7 } as const;

export interface QrtrPacket {
  readonly type: number;
  readonly from: QrtrAddress;
  readonly to: QrtrAddress;
  /** The sender waits for RESUME_TX before it goes on. */
  readonly confirm: boolean;
  readonly payload: Buffer;
}

export interface QrtrAddress {
  readonly node: number;
  readonly port: number;
}

/** The host's node: qrtr_local_nid. */
export const HOST_NODE = 1;

export function encodeQrtr({ type, from, to, payload }: Omit<QrtrPacket, "confirm">): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + Math.ceil(payload.length / 4) * 4);
  [VERSION_1, type, from.node, from.port, 0, payload.length, to.node, to.port].forEach((word, index) => {
    frame.writeUInt32LE(word, 4 * index);
  });
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** Undefined for what is no frame of version 1. */
export function decodeQrtr(frame: Buffer): QrtrPacket | undefined {
  if (frame.length < HEADER_BYTES || frame.readUInt32LE(0) !== VERSION_1) return undefined;
  const word = (index: number): number => frame.readUInt32LE(4 * index);
  const size = word(5);
  if (frame.length < HEADER_BYTES + size) return undefined;
  return {
    type: word(1),
    from: { node: word(2), port: word(3) },
    confirm: word(4) !== 0,
    to: { node: word(6), port: word(7) },
    payload: frame.subarray(HEADER_BYTES, HEADER_BYTES + size),
  };
}

/** struct qrtr_ctrl_pkt with a server: command, service, instance, node, port. */
export function controlPayload(command: number, ...words: readonly number[]): Buffer {
  const payload = Buffer.alloc(20);
  [command, ...words].forEach((word, index) => {
    payload.writeUInt32LE(word, 4 * index);
  });
  return payload;
}

export interface QrtrService {
  readonly service: number;
  /** Version in the low byte, id above it. */
  readonly instance: number;
  /** Answers one message; undefined: with silence. */
  answer(payload: Buffer): Buffer | undefined;
}

const DEVICE_NODE = 7;
const SERVICE_PORT = 0x4001;

/** A node with one service, or none: it says hello, and answers what is sent to its port. */
export function qrtrNode({ send }: FunctionPort, service?: QrtrService): ChannelFunction {
  const control = { node: DEVICE_NODE, port: QRTR_PORT_CTRL };
  const port = { node: DEVICE_NODE, port: SERVICE_PORT };
  const tell = (type: number, payload: Buffer, from: QrtrAddress, to: QrtrAddress): void =>
    send(encodeQrtr({ type, from, to, payload }));
  const toName = { node: HOST_NODE, port: QRTR_PORT_CTRL };
  return {
    started: () => {
      tell(QrtrType.HELLO, controlPayload(QrtrType.HELLO), control, toName);
      if (!service) return;
      const { service: number, instance } = service;
      const announced = controlPayload(QrtrType.NEW_SERVER, number, instance, DEVICE_NODE, SERVICE_PORT);
      tell(QrtrType.NEW_SERVER, announced, control, toName);
    },
    receive: (frame) => {
      const packet = decodeQrtr(frame);
      if (!packet) return;
      if (packet.confirm) {
        tell(QrtrType.RESUME_TX, controlPayload(QrtrType.RESUME_TX, DEVICE_NODE, packet.to.port), control, packet.from);
      }
      if (packet.type !== QrtrType.DATA || packet.to.port !== SERVICE_PORT) return;
      const answer = service?.answer(packet.payload);
      if (answer) tell(QrtrType.DATA, answer, port, packet.from);
    },
  };
}
