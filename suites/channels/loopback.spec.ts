import { expect, scenario, test } from "mhi-hil";

test.skip(({ rig }) => !rig.can("loopback"), "this rig has no clientModule, or its device no LOOPBACK");

for (const bytes of [1, 64, 4096]) {
  test(`LOOPBACK: ${bytes} bytes come back`, async ({ rig, timeline }) => {
    const sent = Buffer.alloc(bytes, "mhi-hil ").toString("hex");
    expect(await rig.exchange("LOOPBACK", sent), "bytes that came back").toBe(sent);
    await expect(timeline).toStayLegal();
  });
}

test("LOOPBACK is back after SYS_ERR", async ({ rig, timeline }) => {
  test.skip(!rig.can("sys-err"), "this rig cannot make the device raise SYS_ERR");
  await rig.raiseSysErr();
  await expect(timeline).toFollow(scenario.sysErrRecovery(rig.family));
  await rig.expectMissionMode();
  expect(await rig.exchange("LOOPBACK", "c0ffee"), "bytes that came back").toBe("c0ffee");
});
