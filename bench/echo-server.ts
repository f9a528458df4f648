/** The floor of a register read: a process that answers each question with as many bytes, and does nothing else. */
import { createServer } from "node:net";
import { READ_REPLY_BYTES, READ_REQUEST_BYTES } from "./round-trips.ts";

const reply = Buffer.alloc(READ_REPLY_BYTES);
const server = createServer((socket) => {
  let filled = 0;
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    for (filled += chunk.length; filled >= READ_REQUEST_BYTES; filled -= READ_REQUEST_BYTES) socket.write(reply);
  });
});
server.listen(process.argv[2], () => process.stdout.write("ready\n"));
process.stdin.once("end", () => process.exit(0)).resume();
