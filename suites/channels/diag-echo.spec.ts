import { expect, scenario, test } from "mhi-hil";

test("DIAG port: open, echo, close", async ({ rig, timeline }) => {
  test.skip(!rig.has("DIAG"), "this family has no DIAG channel");
  test.skip(!rig.can("echo"), "this device does not send back what a port is given");
  const sent = "7e0123456789abcdef7e";
  const echoed = await rig.echo("DIAG", sent);
  await expect(timeline).toFollow(scenario.echo(rig.family, "DIAG"));
  expect(echoed, "bytes that came back").toBe(sent);
});
