/**
 * MBIM's control channel: OPEN, CLOSE, and COMMAND with the capabilities of a modem at rest.
 * USB MBIM 1.0: 9.2 message header, 9.3.1 OPEN, 9.3.2 CLOSE, 9.3.3 COMMAND, 9.4 answers, 10.5.1 DEVICE_CAPS.
 *
 *   0 u32 type   4 u32 length   8 u32 transaction   12 ...
 */
import type { FunctionFactory } from "./function.ts";

const OPEN = 1;
const CLOSE = 2;
const COMMAND = 3;
const FROM_DEVICE = 0x8000_0000;
const ERROR_NOT_OPENED = 5;
const FUNCTION_ERROR = 0x8000_0004;

const SUCCESS = 0;
const NO_DEVICE_SUPPORT = 9;

/** a289cc33-bcbb-8b4f-b6b0-133ec2aae6df */
const BASIC_CONNECT = Buffer.from("a289cc33bcbb8b4fb6b0133ec2aae6df", "hex");
const CID_DEVICE_CAPS = 1;
const COMMAND_BYTES = 48;

export const mbimControl: FunctionFactory = ({ send }) => {
  let open = false;
  return {
    receive: (message) => {
      if (message.length < 12 || message.readUInt32LE(4) !== message.length) return;
      const type = message.readUInt32LE(0);
      const transaction = message.readUInt32LE(8);
      if (type === OPEN) {
        open = true;
        send(done(OPEN, transaction, SUCCESS));
      } else if (!open) send(words(FUNCTION_ERROR, 16, transaction, ERROR_NOT_OPENED));
      else if (type === CLOSE) {
        open = false;
        send(done(CLOSE, transaction, SUCCESS));
      } else if (type === COMMAND && message.length >= COMMAND_BYTES) send(commandDone(message, transaction));
    },
  };
};

const done = (type: number, transaction: number, status: number): Buffer =>
  words((FROM_DEVICE | type) >>> 0, 16, transaction, status);

/** COMMAND_DONE: fragment 1 of 1, the service and command asked for, status, information. */
function commandDone(command: Buffer, transaction: number): Buffer {
  const service = command.subarray(20, 36);
  const cid = command.readUInt32LE(36);
  const known = service.equals(BASIC_CONNECT) && cid === CID_DEVICE_CAPS;
  const info = known ? deviceCaps() : Buffer.alloc(0);
  const head = words((FROM_DEVICE | COMMAND) >>> 0, COMMAND_BYTES + info.length, transaction, 1, 0);
  const tail = words(cid, known ? SUCCESS : NO_DEVICE_SUPPORT, info.length);
  return Buffer.concat([head, service, tail, info]);
}

/** Device type embedded, GSM, no voice, no SIM class; one session; no strings. */
const deviceCaps = (): Buffer => words(1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value >>> 0, 4 * index);
  });
  return bytes;
}
