import { expect, scenario, test } from "mhi-hil";

/** What a client says first on each control port, and how a modem at rest answers. */
const FIRST_WORDS = [
  { channel: "DUN", what: "AT", says: "41540d", answer: /^0d0a4f4b0d0a$/ }, // OK
  // GET_VERSION_INFO 0x21, transaction 1 -> result 0 in TLV 2
  {
    channel: "QMI",
    what: "QMI version",
    says: "010b00000000000121000000",
    answer: /^01....80000001012100....0204000{8}/,
  },
  // OPEN, transaction 1, 4096 bytes -> OPEN_DONE, status 0
  {
    channel: "MBIM",
    what: "MBIM open",
    says: "01000000100000000100000000100000",
    answer: /^01000080100000000100000000000000$/,
  },
  // version command 0 with its CRC -> an answer of the same command
  { channel: "DIAG", what: "DIAG version", says: "0078f07e", answer: /^004a616e.*7e$/ },
] as const;

test.skip(({ rig }) => !rig.can("echo"), "nothing that answers stands behind this device's ports");

for (const { channel, what, says, answer } of FIRST_WORDS) {
  test(`${what} on ${channel}`, async ({ rig, timeline }) => {
    test.skip(!rig.has(channel), `this family has no ${channel} channel`);
    const reply = await rig.exchange(channel, says);
    await expect(timeline).toFollow(scenario.echo(rig.family, channel));
    expect(reply, "the device's answer").toMatch(answer);
  });
}
