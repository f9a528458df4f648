/**
 * DIAG: frames in HDLC, as Qualcomm's tools speak it. The version command is answered; every other transfer comes back as it
 * was, so that the whole data path can be seen with any bytes.
 * HDLC: 0x7e ends a frame, 0x7d escapes (RFC 1662), CRC-16/X-25 before the end, low byte first.
 */
import type { FunctionFactory } from "./function.ts";

const END = 0x7e;
const ESCAPE = 0x7d;
const FLIP = 0x20;
const VERSION_COMMAND = 0x00;
/** Of a version answer: compile date and time, release date and time, directory, then numbers. */
const VERSION_TEXT = "Jan 01 202600:00:00Jan 01 202600:00:00mhi-hil ";
const VERSION_NUMBERS = 9;

export const diag: FunctionFactory = ({ send }) => ({
  receive: (transfer) => {
    const command = decodeHdlc(transfer);
    if (command?.length === 1 && command[0] === VERSION_COMMAND) send(encodeHdlc(versionAnswer()));
    else if (transfer.length > 0) send(transfer);
  },
});

const versionAnswer = (): Buffer =>
  Buffer.concat([Buffer.from([VERSION_COMMAND]), Buffer.from(VERSION_TEXT, "latin1"), Buffer.alloc(VERSION_NUMBERS)]);

/** The payload of one whole frame with a right checksum. */
export function decodeHdlc(bytes: Buffer): Buffer | undefined {
  const from = bytes[0] === END ? 1 : 0;
  if (bytes.length < from + 4 || bytes.at(-1) !== END || bytes.indexOf(END, from) !== bytes.length - 1)
    return undefined;
  const plain: number[] = [];
  for (let at = from; at < bytes.length - 1; at++) {
    const escaped = bytes[at] === ESCAPE;
    if (escaped) at += 1;
    plain.push((bytes[at] ?? 0) ^ (escaped ? FLIP : 0));
  }
  const frame = Buffer.from(plain);
  const payload = frame.subarray(0, -2);
  return frame.length >= 3 && frame.readUInt16LE(frame.length - 2) === crc16(payload) ? payload : undefined;
}

export function encodeHdlc(payload: Buffer): Buffer {
  const checked = Buffer.alloc(payload.length + 2);
  payload.copy(checked);
  checked.writeUInt16LE(crc16(payload), payload.length);
  const bytes = [...checked].flatMap((byte) => (byte === END || byte === ESCAPE ? [ESCAPE, byte ^ FLIP] : [byte]));
  return Buffer.from([...bytes, END]);
}

/** CRC-16/X-25: polynomial 0x1021 reflected, all ones at the start and inverted at the end. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) !== 0 ? 0x8408 : 0);
  }
  return ~crc & 0xffff;
}
