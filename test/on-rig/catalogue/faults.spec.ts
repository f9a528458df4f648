import { expect, scenario, test } from "mhi-hil";

/**
 * Each fault of the endpoint where it shows. Most of these must fail: catalogue.test.ts says how, and which verdict is the
 * right one. The one that takes the host down stands last.
 */
const AT_BIND: readonly (readonly [string, Record<string, string | number>])[] = [
  ["m0-not-acked", { times: 1 }],
  ["m0-duplicated", {}],
  ["m0-late", { delayMs: 1500 }],
  ["ee-event-missing", {}],
  ["ee-event-early", {}],
  ["ee-garbage", {}],
  ["command-refused", {}],
  ["command-completion-astray", {}],
  // of the first command's completion: after M0 and the EE the next event would put it right too soon to be seen
  ["read-pointer-astray", { skip: 2 }],
  ["read-pointer-astray:unaligned", { skip: 2, how: "unaligned" }],
  ["interrupt-lost", { times: 0 }],
  ["interrupt-spurious", {}],
  ["rddm", { afterMs: 50 }],
];

for (const [title, options] of AT_BIND) {
  test(`bind with ${title}`, async ({ rig, timeline }) => {
    await rig.unbind();
    await rig.injectFault(title.split(":")[0] ?? title, options);
    await rig.bind();
    await expect(timeline).toFollow(scenario.boot(rig.family));
    await rig.echo("DIAG", "7e00117e");
  });
}

test("unbind with reset-stuck", async ({ rig, timeline }) => {
  await rig.injectFault("reset-stuck");
  await rig.unbind();
  await expect(timeline).toFollow(scenario.unbind(rig.family));
});

test("function reset with doorbells-out-of-range", async ({ rig, timeline }) => {
  await rig.injectFault("doorbells-out-of-range");
  await rig.unbind();
  await rig.reset();
  await rig.bind();
  await expect(timeline).toFollow(scenario.boot(rig.family));
});

const AT_PING = [
  ["transfers-swapped", { channel: 101 }],
  ["doorbell-mode-missing", { channel: 100 }],
] as const;

for (const [fault, options] of AT_PING) {
  test(`ping with ${fault}`, async ({ rig, timeline }) => {
    await rig.probeAgain(); // what the one before left in the ring
    await rig.injectFault(fault, options);
    const ping = await rig.ping("IP_HW0", { count: 20 });
    await expect(timeline).toStayLegal();
    expect(ping, "pings that came back").toMatchObject({ received: 20 });
  });
}

const AT_ECHO = [
  "transfer-late",
  "transfer-lost",
  "transfer-duplicated",
  "transfer-astray",
  "transfer-channel-wrong",
  "transfer-code-unknown",
  "transfer-length-wrong",
  "completion-past-wp",
] as const;

for (const fault of AT_ECHO) {
  test(`echo with ${fault}`, async ({ rig, timeline }) => {
    await rig.injectFault(fault, { channel: fault === "completion-past-wp" ? 4 : 5 });
    const echoed = await rig.echo("DIAG", "7e0123456789abcdef7e");
    await expect(timeline).toFollow(scenario.echo(rig.family, "DIAG"));
    expect(echoed, "bytes that came back").toBe("7e0123456789abcdef7e");
  });
}
