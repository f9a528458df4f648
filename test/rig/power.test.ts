import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CommandPower } from "../../harness/rig/power/command.ts";
import { FakePower } from "../../harness/rig/power/fake.ts";

const dir = mkdtempSync(join(tmpdir(), "mhi-hil-power-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = join(dir, "outlet $(7)");
const write = (word: string): string[] => ["sh", "-c", 'printf %s "$1" > "$2"', "sh", word, file];
const power = (extra: Partial<ConstructorParameters<typeof CommandPower>[0]> = {}): CommandPower =>
  new CommandPower({
    on: write("outlet 7: ON"),
    off: write("outlet 7: off"),
    status: ["cat", file],
    timeoutMs: 5000,
    ...extra,
  });

test("switches by argument list, no shell in between, and reads back", async () => {
  await power().set("on");
  expect(readFileSync(file, "utf8")).toBe("outlet 7: ON");
  expect(await power().get()).toBe("on");
  await power().set("off");
  expect(await power().get()).toBe("off");
  expect(await power({ status: ["echo", "on (was off)"] }).get()).toBe("unknown");
  expect(await power({ status: undefined }).get()).toBe("unknown");
});

test("a switch that does not switch is a rig fault", async () => {
  await power().set("off");
  await expect(power({ on: ["true"] }).set("on")).rejects.toMatchObject({
    kind: "rig",
    code: "power-failed",
    message: "power: `true` succeeded, but the switch says off; look at the switch",
  });
});

test.each<[string, readonly string[], string]>([
  ["fails", ["sh", "-c", "echo no route to pdu >&2; exit 3"], "failed with exit code 3: no route to pdu"],
  ["is not there", ["/nowhere/pdu", "7"], "power: `/nowhere/pdu 7` cannot be run: no such program on this controller"],
  ["hangs", ["sleep", "30"], "power: `sleep 30` did not end within 300 ms"],
])("a program that %s is told in one sentence", async (_name, on, part) => {
  const started = performance.now();
  await expect(power({ on, timeoutMs: 300 }).set("on")).rejects.toMatchObject({
    code: "power-failed",
    message: expect.stringContaining(part),
  });
  expect(performance.now() - started).toBeLessThan(3000);
});

test("the fake keeps what it was asked", async () => {
  const fake = new FakePower("on");
  await fake.set("off");
  await fake.set("on");
  expect([await fake.get(), fake.asked]).toEqual(["on", ["off", "on"]]);
});
