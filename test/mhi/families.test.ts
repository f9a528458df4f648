import { describe, expect, test } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { MAX_CHANNELS } from "../../harness/mhi/channel.ts";
import { execEnvName } from "../../harness/mhi/exec-env.ts";
import { channelName, channelPair, clientModules } from "../../harness/mhi/families/family.ts";
import { familyById, familyIds } from "../../harness/mhi/families/index.ts";

describe.each(familyIds())("family %s", (id) => {
  const family = familyById(id);

  test("channels: each once, uplinks even, downlinks odd, both directions of a pair of one name", () => {
    const numbers = family.channels.map(({ channel }) => channel);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
    for (const { channel, name, direction } of family.channels) {
      expect(channel).toBeLessThan(MAX_CHANNELS);
      expect(direction, name).toBe(channel % 2 === 0 ? "ul" : "dl");
      expect(channelName(family, channel ^ 1), `the other direction of ${name}`).toBe(name);
    }
  });

  test("rings: ring 0 is the control ring, all have elements by the power of two, every channel's is there", () => {
    expect(family.eventRings.map(({ index }) => index)).toEqual([...family.eventRings.keys()]);
    expect(family.eventRings.map(({ kind }) => kind === "ctrl")).toEqual(
      family.eventRings.map(({ index }) => index === 0),
    );
    for (const { elements } of [...family.eventRings, ...family.channels]) {
      expect(elements & (elements - 1)).toBe(0);
      expect(elements).toBeGreaterThan(1);
    }
    for (const { eventRing, name } of family.channels) expect(family.eventRings[eventRing], name).toBeDefined();
  });
});

/** modem_qcom_v1_mhiv_config and the id table of drivers/bus/mhi/host/pci_generic.c. */
describe("sdx55, line by line", () => {
  const sdx55 = familyById("sdx55");

  test("identity and limits", () => {
    expect(sdx55.driverName).toBe("qcom-sdx55m");
    expect(sdx55.pci).toMatchObject({ vendor: 0x17cb, device: 0x0306, classCode: 0xff0000 });
    // With 17cb:010c it would be foxconn-sdx55, with other rings.
    expect([sdx55.pci.subVendor, sdx55.pci.subDevice]).not.toEqual([0x17cb, 0x010c]);
    expect([sdx55.timeoutMs, sdx55.readyTimeoutMs]).toEqual([8000, 8000]);
    expect(sdx55.sidebandWake).toBe(false);
    expect(sdx55.firmware).toEqual({ image: "qcom/sdx55m/sbl1.mbn", edl: "qcom/sdx55m/edl.mbn" });
  });

  test("channels", () => {
    const lines = sdx55.channels.map(
      ({ channel, name, elements, eventRing, execEnv, burst }) =>
        `${channel}${burst ? "*" : ""} ${name} ${elements} er${eventRing} ${execEnvName(execEnv)}`,
    );
    expect(lines).toEqual([
      "4 DIAG 16 er1 AMSS",
      "5 DIAG 16 er1 AMSS",
      "12 MBIM 4 er0 AMSS",
      "13 MBIM 4 er0 AMSS",
      "14 QMI 4 er0 AMSS",
      "15 QMI 4 er0 AMSS",
      "20 IPCR 8 er0 AMSS",
      "21 IPCR 8 er0 AMSS",
      "34 FIREHOSE 32 er0 FP",
      "35 FIREHOSE 32 er0 FP",
      "46 IP_SW0 64 er2 AMSS",
      "47 IP_SW0 64 er3 AMSS",
      "100* IP_HW0 128 er4 AMSS",
      "101* IP_HW0 128 er5 AMSS",
    ]);
  });

  test("event rings", () => {
    expect(sdx55.eventRings.map((ring) => `${ring.kind} ${ring.elements} ${ring.moderationMs}`)).toEqual([
      "ctrl 64 0",
      "data 128 5",
      "sw 64 0",
      "sw 64 0",
      "hw 1024 1",
      "hw 2048 1",
    ]);
  });

  test("channels that start without a user are those whose client opens them in its probe", () => {
    const started = sdx55.channels.filter(({ autoStart }) => autoStart).map(({ channel }) => channel);
    expect(started).toEqual([20, 21, 46, 47, 100, 101]);
    expect(clientModules(sdx55).sort()).toEqual(["mhi_net", "mhi_wwan_ctrl", "qrtr_mhi"]);
  });
});

test("an unknown family names those there are", () => {
  expect(() => familyById("sdx99")).toThrow(UsageError);
  expect(() => familyById("sdx99")).toThrow(`no device family "sdx99"; there are: ${familyIds().join(", ")}`);
});

test("a pair, and a channel that the family does not have", () => {
  const pair = channelPair("DUN", 32, 16, 0, 2, { client: "mhi_wwan_ctrl" });
  expect(pair.map(({ channel, direction, client }) => [channel, direction, client])).toEqual([
    [32, "ul", "mhi_wwan_ctrl"],
    [33, "dl", "mhi_wwan_ctrl"],
  ]);
  expect(channelName(familyById("sdx55"), 33)).toBe("ch33");
});
