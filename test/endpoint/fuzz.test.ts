import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wcn6855 } from "../../harness/mhi/families/wlan.ts";
import { FakeHost } from "./fake-host.ts";
import { Cmd, frame, RawClient, type Reply, regionAccess } from "./raw-client.ts";
import { type Served, serve } from "./served.ts";

let served: Served;
let host: FakeHost;

beforeAll(async () => {
  served = await serve({ bootDelayMs: 0 });
  host = await FakeHost.connect(served.path);
});
afterAll(async () => {
  await host.client.close();
  await served.close();
});

/** Offsets where something happens, mixed with any. */
const offset = fc.oneof(
  fc.nat(4095),
  fc.constantFrom(
    0x10,
    0x38,
    0x48,
    0x58,
    0x60,
    0x68,
    0x70,
    0x74,
    0xb0,
    0x120,
    0x300 + 8 * 127,
    0x700,
    0x44,
    0x52,
    0x78,
  ),
);
/** Values that look like addresses of rings and contexts, mixed with any. */
const value = fc.oneof(
  fc.nat(0xffffffff),
  fc.constantFrom(0, 1, 2, 0x200, 0x202, 0x400, 0x500, 0xff00, 0xffffffff, 0x10000, 0x12000, 0x13000, 0x14010, 0x20010),
);
const access = fc.record({
  write: fc.boolean(),
  config: fc.boolean(),
  offset,
  width: fc.constantFrom(1, 2, 3, 4, 4, 4, 5, 7, 8, 16),
  value,
});
type Access = typeof access extends fc.Arbitrary<infer T> ? T : never;

function payload({ write, config, offset: at, width, value: word }: Access): Buffer {
  const data = Buffer.alloc(16);
  data.writeUInt32LE(word >>> 0, 0);
  return regionAccess(config ? 7 : 0, BigInt(at), width, write ? data.subarray(0, width) : Buffer.alloc(0));
}

const expectedSize = ({ write, width, offset: at }: Access): number =>
  at + width > 4096 ? 0 : write ? 16 : 16 + width;

/** 120 accesses a time, of which every one counts: some 100,000 in all. */
const PER_ROUND = { minLength: 100, maxLength: 140 } as const;
const ROUNDS = 850;
const FUZZ_MS = 120_000;

test(
  "100,000 accesses of any kind are each answered, in bounded memory, and the device still boots afterwards",
  async () => {
    let sent = 0;
    const before = process.memoryUsage().heapUsed;
    await fc.assert(
      fc.asyncProperty(fc.array(access, PER_ROUND), fc.boolean(), async (accesses, working) => {
        if (working) await host.setUpPci(4);
        const replies = accesses.map((entry) =>
          host.client.request(entry.write ? Cmd.REGION_WRITE : Cmd.REGION_READ, payload(entry)),
        );
        const sizes = (await Promise.all(replies)).map((reply: Reply) => reply.payload.length);
        expect(sizes).toEqual(accesses.map(expectedSize));
        sent += accesses.length;
        served.records.length = 0; // the log in memory is the test's own
      }),
      { numRuns: ROUNDS },
    );
    expect(sent).toBeGreaterThanOrEqual(100_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 << 20);
    await host.client.close();
    host = await FakeHost.connect(served.path);
    await host.bringUp();
    expect(served.endpoint.status().mhiState).toBe("M0");
  },
  FUZZ_MS,
);

test("rings and contexts full of noise crash nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 512 }), fc.nat(127), async (noise, channel) => {
      await host.client.close();
      host = await FakeHost.connect(served.path);
      await host.bringUp();
      for (let at = 0x10000; at < 0x16000; at += noise.length) host.ram.set(noise, at);
      await host.client.write32(0x70, 0x14000 + 16 * 40);
      await host.client.write32(0x300 + 8 * channel, 0x100000 + channel * 0x1000 + 16);
      await host.client.write32(0x38, 0x500);
      await host.client.write32(0x38, 0x202);
      await host.until("RESET cleared", async () => (await host.client.read32(0x38)) === 0);
    }),
    { numRuns: 30 },
  );
});

test("frames of noise end in an error reply or the end of the connection, and the next client is served", async () => {
  await host.client.close();
  await fc.assert(
    fc.asyncProperty(fc.nat(20), fc.uint8Array({ maxLength: 64 }), fc.nat(200), async (command, bytes, size) => {
      const client = await RawClient.ready(served.path);
      client.send(frame(9, command, bytes, 0, size));
      client.socket.end();
      await client.untilClosed();
    }),
    { numRuns: 100 },
  );
  host = await FakeHost.connect(served.path);
  await host.bringUp();
});

test(
  "accesses anywhere in a WLAN device's BAR, through its window too, are answered; it comes up afterwards",
  async () => {
    const wlan = await serve({ bootDelayMs: 0, family: wcn6855 });
    let guest = await FakeHost.connect(wlan.path);
    const barBytes = 2 << 20;
    const place = fc.oneof(
      fc.nat(barBytes - 1),
      fc.nat(0xfff),
      fc.constantFrom(0x310c, 0x3008, 0x80000, 0xffffc, barBytes - 4),
    );
    const anywhere = fc.record({
      at: place,
      width: fc.constantFrom(1, 2, 3, 4, 4, 5, 7, 8),
      write: fc.boolean(),
      value,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anywhere, { minLength: 80, maxLength: 120 }), async (accesses) => {
        const replies = accesses.map(({ at, width, write, value: word }) => {
          const data = Buffer.alloc(8);
          data.writeUInt32LE(word >>> 0, 0);
          const body = regionAccess(0, BigInt(at), width, write ? data.subarray(0, width) : Buffer.alloc(0));
          return guest.client.request(write ? Cmd.REGION_WRITE : Cmd.REGION_READ, body);
        });
        const sizes = (await Promise.all(replies)).map((reply: Reply) => reply.payload.length);
        expect(sizes).toEqual(
          accesses.map(({ at, width, write }) => (at + width > barBytes ? 0 : write ? 16 : 16 + width)),
        );
        wlan.records.length = 0;
      }),
      { numRuns: 100 },
    );
    await guest.client.close();
    guest = await FakeHost.connect(wlan.path);
    await guest.setUpPci();
    expect(await guest.client.read32(0x128)).toBe(0); // BHI_EXECENV: PBL, waiting for its image
    await guest.client.close();
    await wlan.close();
  },
  FUZZ_MS,
);

test(
  "a host that refuses some of the DMA leaves the device answering, and it boots once the host behaves",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 3, maxLength: 40 }), async (refused) => {
        await host.client.close();
        host = await FakeHost.connect(served.path);
        let nth = 0;
        const bad = (): boolean => refused[nth++ % refused.length] === true;
        host.client.memory = {
          read: (address, length) => (bad() ? undefined : host.read(address, length)),
          write: (address, data) => !bad() && host.write(address, data),
        };
        await host.setUpPci();
        await host.untilReady();
        await host.setUpMmio();
        await host.setState(2);
        await host.client.write32(0x70, 0x14000 + 16);
        expect(await host.client.config(0, 2)).toBe(0x17cb);
        await host.client.write32(0x38, 0x202);
        await host.until("RESET cleared", async () => (await host.client.read32(0x38)) === 0);
      }),
      { numRuns: 40 },
    );
    await host.client.close();
    host = await FakeHost.connect(served.path);
    await host.bringUp();
    expect(served.endpoint.status().mhiState).toBe("M0");
  },
  FUZZ_MS,
);
