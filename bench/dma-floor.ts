/** The floor of an image's transfer: a process that asks for so many bytes in pieces and does nothing with them. */
import { createServer } from "node:net";
import { Command, encodeFrame, HEADER_BYTES } from "../harness/endpoint/vfio-user/message.ts";

const PIECE_BYTES = 64 * 1024;
const [path = "", bytes = "0"] = process.argv.slice(2);

/** Any first message is answered with its head; each 4 bytes after that start a transfer, told by 4 bytes when it is done. */
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  let left = 0;
  let missing = 0;
  const ask = (): void => {
    const payload = Buffer.alloc(16);
    payload.writeBigUInt64LE(BigInt(PIECE_BYTES), 8);
    missing = HEADER_BYTES + 16 + PIECE_BYTES;
    socket.write(encodeFrame({ id: 7, command: Command.DMA_READ, payload }));
  };
  socket.on("data", (chunk) => {
    if (left === 0) {
      left = Number(bytes);
      ask();
      return;
    }
    missing -= chunk.length;
    if (missing > 0) return;
    left -= PIECE_BYTES;
    if (left > 0) ask();
    else socket.write(encodeFrame({ id: 1, command: Command.VERSION, payload: Buffer.alloc(4), flags: 1 }));
  });
});
server.listen(path, () => process.stdout.write("ready\n"));
process.stdin.once("end", () => process.exit(0)).resume();
