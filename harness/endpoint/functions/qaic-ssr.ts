/**
 * QAIC_SSR: a subsystem of a Cloud AI accelerator (here that of DMA bridge channel 0) crashes and is restarted while the rest
 * of the device goes on, and its RAM is taken by the host in between. Each message begins u32 command, u32 length, u32
 * DMA bridge channel; the device tells four events, each acknowledged, with the dump before the last.
 *
 *   BEFORE_SHUTDOWN  AFTER_SHUTDOWN  BEFORE_POWER_UP   INFO, <- MEMORY_READ ... <- DONE, DONE_RSP   AFTER_POWER_UP
 *
 * Source: drivers/accel/qaic/qaic_ssr.c.
 */
import { hex } from "../../base/hex.ts";
import { DUMP_REGIONS, DUMP_TABLE_AT, dumpTable, readDumpMemory } from "../../mhi/ram-dump.ts";
import type { FunctionFactory, SubsystemDump } from "./function.ts";

const Command = {
  DEBUG_TRANSFER_INFO: 1 << 0,
  DEBUG_TRANSFER_INFO_RSP: 1 << 1,
  MEMORY_READ: 1 << 2,
  MEMORY_READ_RSP: 1 << 3,
  DEBUG_TRANSFER_DONE: 1 << 4,
  DEBUG_TRANSFER_DONE_RSP: 1 << 5,
  EVENT: 1 << 8,
  EVENT_RSP: 1 << 9,
} as const;

const NACK = 1;
const EVENTS = [
  [1 << 1, "BEFORE_SHUTDOWN"],
  [1 << 2, "AFTER_SHUTDOWN"],
  [1 << 3, "BEFORE_POWER_UP"],
  [1 << 4, "AFTER_POWER_UP"],
] as const;
/** The dump is handed over when this event was acknowledged. */
const DUMP_AFTER = 2;
const BRIDGE_CHANNEL = 0;
const LENGTH_AT = 4;

export const qaicSsr: FunctionFactory = ({ send, device }) => {
  /** Index of the event that was told last; undefined: nothing is going on. */
  let step: number | undefined;
  let table = dumpTable();

  const tell = (next: number): void => {
    const [event, name] = EVENTS[next] ?? [];
    step = event === undefined ? undefined : next;
    if (event === undefined) {
      device.log("power", "SSR: the subsystem is up again", { ssr: "up" });
      return;
    }
    device.log("power", `SSR: ${name}`, { ssr: name });
    send(message(Command.EVENT, [event]));
  };

  const acknowledged = (event: number): void => {
    if (step === undefined) return;
    if (event === NACK) device.log("guest-error", `SSR: the host refuses ${EVENTS[step]?.[1]}`);
    else if (step === DUMP_AFTER) send(transferInfo(table.length));
    else tell(step + 1);
  };

  const read = (request: Buffer): void => {
    const [address, length] = [request.readBigUInt64LE(16), request.readBigUInt64LE(24)];
    const end = DUMP_TABLE_AT + BigInt(table.length);
    const ofTable = address >= DUMP_TABLE_AT && address + length <= end;
    const from = Number(address - DUMP_TABLE_AT);
    const found = ofTable ? table.subarray(from, from + Number(length)) : readDumpMemory(address, length);
    if (!found) device.log("guest-error", `SSR: read of ${length} bytes at ${hex(address)}, where no memory is`);
    // what the table promises is delivered, whatever it promises
    const data = found ?? Buffer.alloc(Number(length & 0xffffn), 0xee);
    const answer = Buffer.concat([message(Command.MEMORY_READ_RSP, [0]), data]);
    answer.writeUInt32LE(answer.length, LENGTH_AT);
    send(answer);
  };

  return {
    restartSubsystem: (dump) => {
      table = TABLES[dump]();
      tell(0);
    },
    receive: (request) => {
      const command = request.length >= 16 ? request.readUInt32LE(0) : 0;
      if (command === Command.EVENT_RSP) acknowledged(request.readUInt32LE(12));
      else if (command === Command.DEBUG_TRANSFER_INFO_RSP) {
        if (request.readUInt32LE(12) === 0) return;
        device.log("guest-error", "SSR: the host does not want the dump");
        tell(DUMP_AFTER + 1);
      } else if (command === Command.MEMORY_READ && request.length >= 32) read(request);
      else if (command === Command.DEBUG_TRANSFER_DONE) {
        device.log("power", "SSR: RAM dump handed over", { ssr: "dumped" });
        send(message(Command.DEBUG_TRANSFER_DONE_RSP, [0]));
        tell(DUMP_AFTER + 1);
      } else device.log("guest-error", `SSR: message ${hex(command)} of ${request.length} bytes; ignored`);
    },
  };
};

/** The second one: the sum of its lengths wraps around to a few bytes, each length being fine by itself. */
const TABLES: Readonly<Record<SubsystemDump, () => Buffer>> = {
  good: () => dumpTable(),
  overflow: () => {
    const table = dumpTable(DUMP_REGIONS.slice(0, 2));
    table.writeBigUInt64LE(0x10_0000n, 16);
    table.writeBigUInt64LE(2n ** 64n - 0x10_0000n + 64n, 64 + 16);
    return table;
  },
};

function message(command: number, words: readonly number[]): Buffer {
  const buffer = Buffer.alloc(12 + 4 * words.length);
  [command, buffer.length, BRIDGE_CHANNEL, ...words].forEach((word, index) => {
    buffer.writeUInt32LE(word, 4 * index);
  });
  return buffer;
}

function transferInfo(tableBytes: number): Buffer {
  const info = Buffer.concat([message(Command.DEBUG_TRANSFER_INFO, [0]), Buffer.alloc(16)]);
  info.writeUInt32LE(info.length, LENGTH_AT);
  info.writeBigUInt64LE(DUMP_TABLE_AT, 16);
  info.writeBigUInt64LE(BigInt(tableBytes), 24);
  return info;
}
