/**
 * Sahara, the protocol of Qualcomm's boot loaders, from the loader's side: it asks for images by number, and hands over a
 * RAM dump after a crash. Each message begins u32 command, u32 length.
 *
 *   images  HELLO -> <- HELLO_RESP   READ_DATA ... -> <- bytes   END_OF_IMAGE -> <- DONE   (once an image)   DONE_RESP ->
 *   dump    HELLO -> <- HELLO_RESP   MEM_DEBUG64 ->   <- MEM_READ64, bytes -> ...   <- RESET   then the images
 *
 * Source: drivers/accel/qaic/sahara.c, struct sahara_packet.
 */
import { createHash } from "node:crypto";
import { hex } from "../../base/hex.ts";
import type { SaharaImage } from "../../mhi/families/family.ts";
import { madeUpImage } from "../../mhi/firmware-image.ts";
import { DUMP_TABLE_AT, dumpTable, readDumpMemory } from "../../mhi/ram-dump.ts";
import type { FunctionFactory } from "./function.ts";

const Command = {
  HELLO: 0x01,
  HELLO_RESP: 0x02,
  READ_DATA: 0x03,
  END_OF_IMAGE: 0x04,
  DONE: 0x05,
  DONE_RESP: 0x06,
  RESET: 0x07,
  RESET_RESP: 0x08,
  MEM_DEBUG64: 0x10,
  MEM_READ64: 0x11,
} as const;

const VERSION = 2;
const HELLO_BYTES = 0x30;
const MAX_PACKET_BYTES = 0xffff;
const MODE_IMAGES = 0;
const MODE_MEMORY_DEBUG = 2;
/** Largest piece of an image asked for at a time, bytes: the older loaders' own limit is 512 KiB. */
const READ_BYTES = 128 * 1024;
const STATUS_GOOD = 0;
/** "Image authentication failure". */
const STATUS_BAD_IMAGE = 0x12;
const STATUS_NO_MEMORY_THERE = 0x10;

/** What the loader waits for. */
type Await =
  | { readonly what: "hello" }
  | { readonly what: "bytes"; readonly left: number }
  | { readonly what: "done" }
  | { readonly what: "memory-reads" }
  | { readonly what: "nothing" };

export const sahara: FunctionFactory = ({ send, device }) => {
  const images = device.family.firmware.sahara ?? [];
  let waits: Await = { what: "nothing" };
  let mode = MODE_IMAGES;
  let image = 0;
  let got: Buffer[] = [];

  const hello = (): void => {
    mode = device.dumpWaits() ? MODE_MEMORY_DEBUG : MODE_IMAGES;
    image = 0;
    waits = { what: "hello" };
    send(message(Command.HELLO, [VERSION, VERSION, MAX_PACKET_BYTES, mode], HELLO_BYTES));
  };

  const ask = (): void => {
    const wanted = images[image];
    if (!wanted) {
      waits = { what: "nothing" };
      send(message(Command.DONE_RESP, [1]));
      device.imagesLoaded();
      return;
    }
    const offset = sizeOf(got);
    const left = Math.min(READ_BYTES, madeUpImage(device.family, wanted.file).length - offset);
    waits = { what: "bytes", left };
    send(message(Command.READ_DATA, [wanted.id, offset, left]));
  };

  const taken = (wanted: SaharaImage): void => {
    const bytes = Buffer.concat(got);
    got = [];
    const good = bytes.equals(madeUpImage(device.family, wanted.file));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const what = `image ${wanted.id} of ${bytes.length} bytes, sha256 ${sha256.slice(0, 16)}`;
    const fields = { stage: "sahara", image: wanted.id, bytes: bytes.length, sha256, good };
    device.log("firmware", `sahara: ${good ? "accepted" : "refused"}: ${what}`, fields);
    const fate = device.imageFate("sahara");
    if (fate === "never") return;
    const end = (): void => {
      const accepted = good && fate !== "refuse";
      waits = { what: accepted ? "done" : "nothing" };
      send(message(Command.END_OF_IMAGE, [wanted.id, accepted ? STATUS_GOOD : STATUS_BAD_IMAGE]));
    };
    if (typeof fate === "object" && fate.delayMs > 0) setTimeout(end, fate.delayMs);
    else end();
  };

  const bytes = (payload: Buffer, left: number): void => {
    if (isReset(payload)) {
      reset();
      return;
    }
    const wanted = images[image];
    if (!wanted) return;
    got.push(payload.subarray(0, left));
    waits = { what: "bytes", left: left - payload.length };
    if (left > payload.length) return;
    if (sizeOf(got) < madeUpImage(device.family, wanted.file).length) ask();
    else taken(wanted);
  };

  /** The host cannot give what was asked for, or has the whole dump. */
  const reset = (): void => {
    const dumped = waits.what === "memory-reads";
    got = [];
    waits = { what: "nothing" };
    send(message(Command.RESET_RESP, []));
    if (!dumped) {
      device.log("firmware", `sahara: the host has no image ${images[image]?.id ?? "?"}: the boot ends here`);
      return;
    }
    device.log("firmware", "sahara: RAM dump handed over");
    device.dumpTaken();
    hello();
  };

  const memory = (payload: Buffer): void => {
    if (isReset(payload)) {
      reset();
      return;
    }
    if (payload.length < 24 || payload.readUInt32LE(0) !== Command.MEM_READ64) return;
    const [address, length] = [payload.readBigUInt64LE(8), payload.readBigUInt64LE(16)];
    const data = readDumpMemory(address, length);
    if (!data) device.log("guest-error", `sahara: read of ${length} bytes at ${hex(address)}, where no memory is`);
    send(data ?? message(Command.END_OF_IMAGE, [0, STATUS_NO_MEMORY_THERE]));
  };

  const greeted = (): void => {
    if (mode === MODE_IMAGES) ask();
    else {
      waits = { what: "memory-reads" };
      send(tableMessage());
    }
  };

  return {
    started: hello,
    receive: (payload) => {
      const command = payload.length >= 8 ? payload.readUInt32LE(0) : 0;
      if (waits.what === "bytes") bytes(payload, waits.left);
      else if (waits.what === "memory-reads") memory(payload);
      else if (waits.what === "hello" && command === Command.HELLO_RESP) greeted();
      else if (waits.what === "done" && command === Command.DONE) {
        image += 1;
        ask();
      } else device.log("guest-error", `sahara: command ${command} while the loader waits for ${waits.what}; ignored`);
    },
  };
};

const sizeOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** A reset is 8 bytes; no image is asked for in pieces so short. */
const isReset = (payload: Buffer): boolean => payload.length === 8 && payload.readUInt32LE(0) === Command.RESET;

function message(command: number, words: readonly number[], bytes = 8 + 4 * words.length): Buffer {
  const buffer = Buffer.alloc(bytes);
  [command, bytes, ...words].forEach((word, index) => {
    buffer.writeUInt32LE(word, 4 * index);
  });
  return buffer;
}

function tableMessage(): Buffer {
  const buffer = message(Command.MEM_DEBUG64, [], 24);
  buffer.writeBigUInt64LE(DUMP_TABLE_AT, 8);
  buffer.writeBigUInt64LE(BigInt(dumpTable().length), 16);
  return buffer;
}
