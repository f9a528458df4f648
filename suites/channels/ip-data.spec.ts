import { expect, scenario, test } from "mhi-hil";

const PINGS = 20;
const BYTES = 128 * 1024;

test.skip(({ rig }) => !rig.can("echo"), "nothing that answers stands behind this device's data path");

for (const channel of ["IP_HW0", "IP_SW0"] as const) {
  test(`${channel}: ping and TCP, no loss`, async ({ rig, timeline }) => {
    test.skip(!rig.has(channel), `this family has no ${channel} on this kernel`);
    const ping = await rig.ping(channel, { count: PINGS });
    expect(ping, "pings that came back").toMatchObject({ sent: PINGS, received: PINGS });
    const echo = await rig.tcpEcho(channel, BYTES);
    expect(echo, "what came back over TCP").toMatchObject({ intact: true, receivedBytes: BYTES });
    await expect(timeline).toStayLegal();
  });
}

test("IP data wakes the device, and is back after SYS_ERR", async ({ rig, timeline }) => {
  test.skip(!rig.has("IP_HW0"), "this family has no IP_HW0");
  test.skip(!rig.can("runtime-pm") || !rig.can("sys-err"), "this rig cannot suspend the device, or not raise SYS_ERR");
  await rig.runtimeSuspend();
  await expect(timeline).toFollow(scenario.runtimeSuspend(rig.family));
  expect(await rig.ping("IP_HW0", { count: 5 }), "pings to a sleeping device").toMatchObject({ received: 5 });
  await rig.runtimeResume();
  await rig.raiseSysErr();
  await expect(timeline).toFollow(scenario.sysErrRecovery(rig.family));
  await rig.expectMissionMode();
  expect(await rig.ping("IP_HW0", { count: 5 }), "pings after the recovery").toMatchObject({ received: 5 });
});
