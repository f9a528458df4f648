import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseSshPort, findPortHolder, listeningInodes } from "../../harness/lab/ssh-port.ts";

let server: Server;
let port = 0;

beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address ? address.port : 0;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe("the guest's SSH port", () => {
  it("is a free one when none is given", async () => {
    const chosen = await chooseSshPort(undefined);
    expect(chosen).toBeGreaterThan(1023);
    expect(chosen).not.toBe(port);
  });

  it("names who holds a fixed one", async () => {
    await expect(chooseSshPort(port)).rejects.toMatchObject({
      code: "port-taken",
      message: expect.stringMatching(new RegExp(`port ${port} .*taken by .+ \\(pid ${process.pid}\\)`)),
    });
  });

  it("has no holder when nobody listens", async () => {
    const free = await chooseSshPort(undefined);
    expect(await findPortHolder(free)).toBeUndefined();
  });
});

describe("/proc/net/tcp", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11111 1 0 100 0 0 10 0
   1: 0100007F:08FB 0100007F:A001 01 00000000:00000000 00:00000000 00000000     0        0 22222 1 0 20 4 30 10 -1
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 33333 1 0 100 0 0 10 0
`;
  it("gives the listeners of a port and not its connections", () => {
    expect(listeningInodes(text, 2299)).toEqual(["11111"]);
    expect(listeningInodes(text, 22)).toEqual(["33333"]);
    expect(listeningInodes(text, 23)).toEqual([]);
  });
});
