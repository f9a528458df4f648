/**
 * QAIC_CONTROL: the manage protocol of Cloud AI accelerators, as far as a driver needs it to put the device ONLINE.
 *
 *   0 u32 crc32   4 magic "QAIC"   8 sequence   12 length   16 transactions   20 handle   24 partition   28 0
 *   32 transactions: u32 type, u32 length, then by type
 *
 * Source: struct wire_msg_hdr, wire_trans_status_from_dev of drivers/accel/qaic/qaic_control.c; include/uapi/drm/qaic_accel.h.
 */
import type { FunctionFactory } from "./function.ts";

const HEADER_BYTES = 32;
const STATUS_BYTES = 24;
const MAGIC = 0x43494151;
const STATUS_FROM_DEV = 14;
const STATUS_TO_DEV = 15;
/** Of the protocol: CNTL_MAJOR and CNTL_MINOR of qaic.h. */
const VERSION = { major: 5, minor: 0 } as const;

/** Answers a query for the status with "no error, no CRC"; takes everything else in silence. */
export const qaicControl: FunctionFactory = ({ send }) => ({
  receive: (message) => {
    if (message.length < HEADER_BYTES + 8 || message.readUInt32LE(4) !== MAGIC) return;
    if (message.readUInt32LE(HEADER_BYTES) !== STATUS_TO_DEV) return;
    send(statusAnswer(message));
  },
});

function statusAnswer(query: Buffer): Buffer {
  const answer = Buffer.alloc(HEADER_BYTES + STATUS_BYTES);
  query.copy(answer, 0, 0, HEADER_BYTES);
  answer.writeUInt32LE(0, 0);
  answer.writeUInt32LE(answer.length, 12);
  answer.writeUInt32LE(1, 16);
  answer.writeUInt32LE(STATUS_FROM_DEV, HEADER_BYTES);
  answer.writeUInt32LE(STATUS_BYTES, HEADER_BYTES + 4);
  answer.writeUInt16LE(VERSION.major, HEADER_BYTES + 8);
  answer.writeUInt16LE(VERSION.minor, HEADER_BYTES + 10);
  return answer;
}
