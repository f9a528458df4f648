import { describe, expect, test } from "vitest";
import { UsageError } from "../../harness/base/errors.ts";
import { MAX_CHANNELS } from "../../harness/mhi/channel.ts";
import { ExecEnv, execEnvName } from "../../harness/mhi/exec-env.ts";
import {
  channelName,
  clientModules,
  driverModule,
  type FamilyProfile,
  familyOn,
  knownTo,
} from "../../harness/mhi/families/family.ts";
import { familyById, familyIds } from "../../harness/mhi/families/index.ts";

const KERNELS = ["6.1.0-50-amd64", "6.12.117+deb13-amd64", "7.2.12+deb13-amd64"];
const everywhere = familyIds().flatMap((id) => KERNELS.map((kernel) => [id, kernel] as const));

describe.each(everywhere)("family %s on %s", (id, kernel) => {
  const family = familyOn(familyById(id), kernel);

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

  /** CHDBOFF < BAR length - 1016, BHIOFF and BHIEOFF inside it: what init.c checks. */
  test("registers: inside the BAR, blocks apart", () => {
    const { bhi, bhie, channelDoorbells, eventDoorbells } = family.registers;
    const barBytes = family.pci.bars[family.pci.mhiBar] ?? 0;
    expect(channelDoorbells).toBeLessThan(barBytes - 1016);
    expect(eventDoorbells + 8 * family.eventRings.length).toBeLessThanOrEqual(barBytes);
    const blocks = [
      [0, 0xb4],
      [bhi, 0xc4],
      [bhie, 0x7c],
      [channelDoorbells, 8 * MAX_CHANNELS],
      [eventDoorbells, 8 * family.eventRings.length],
    ].map(([from = 0, bytes = 0]) => [from, from + bytes] as const);
    for (const [from] of blocks) expect(blocks.filter(([a, b]) => a <= from && from < b)).toHaveLength(1);
  });
});

/**
 * One line a family, read off the drivers' tables by hand: vendor:device subsystem timeout/ready rings channels.
 * Rings: elements, `d` data (5 ms), `s` software, `h` hardware (1 ms). Channels: name first elements@ring.
 */
const TABLE: Readonly<Record<string, string>> = {
  sdx24:
    "17cb:0304 8000/8000 sideband 64 128d 64s 64s 1024h 2048h | DIAG4 16@1 MBIM12 4@0 QMI14 4@0 IPCR20 8@0 FIREHOSE34 32@0 FP IP_SW046 64@2/3 IP_HW0100 128@4/5*",
  sdx55:
    "17cb:0306 8000/8000 64 128d 64s 64s 1024h 2048h | DIAG4 16@1 MBIM12 4@0 QMI14 4@0 IPCR20 8@0 FIREHOSE34 32@0 FP IP_SW046 64@2/3 IP_HW0100 128@4/5*",
  sdx65:
    "17cb:0308 8000/8000 64 128d 64s 64s 1024h 2048h | DIAG4 16@1 MBIM12 4@0 QMI14 4@0 IPCR20 8@0 FIREHOSE34 32@0 FP IP_SW046 64@2/3 IP_HW0100 128@4/5*",
  sdx75:
    "17cb:0309 8000/50000 64 128d 64s 64s 1024h 2048h | DIAG4 16@1 MBIM12 4@0 QMI14 4@0 IPCR20 8@0 FIREHOSE34 32@0 FP IP_SW046 64@2/3 IP_HW0100 128@4/5*",
  t99w175:
    "105b:e0ab 20000/20000 128 128d 1024h 1024h | LOOPBACK0 32@0 DIAG4 32@1 MBIM12 32@0 DUN32 32@0 FIREHOSE34 32@0 FP IP_HW0_MBIM100 128@2/3*",
  t99w640:
    "105b:e118 20000/50000 128 128d 1024h 1024h | LOOPBACK0 32@0 DIAG4 32@1 MBIM12 32@0 DUN32 32@0 FIREHOSE34 32@0 FP IP_HW0_MBIM100 128@2/3*",
  em1xx:
    "1eac:1001 20000/20000 sideband 128 128d 1024h 1024h | NMEA0 32@0 SAHARA2 32@0 SBL DIAG4 32@1 MBIM12 32@0 DUN32 32@0 FIREHOSE34 32@0 FP IP_HW0_MBIM100 128@2/3*",
  rm5xx:
    "1eac:1004 20000/20000 sideband 128 128d 1024h 1024h | NMEA0 32@0 SAHARA2 32@0 SBL DIAG4 32@1 MBIM12 32@0 DUN32 32@0 FIREHOSE34 32@0 FP IP_HW0_MBIM100 128@2/3*",
  fn980: "17cb:0306[1c5d:2000] 20000/20000 128 1024h 2048h | QMI14 32@0 IPCR20 16@0 IP_HW0100 128@1/2*",
  fn990:
    "17cb:0308[1c5d:2010] 20000/20000 128 128d 1024h 2048h | SAHARA2 32@0 SBL DIAG4 64@1 MBIM12 32@0 DUN32 32@0 DUN292 32@1 IP_HW0_MBIM100 128@2/3*",
  fn920c04:
    "17cb:011a[1c5d:2020] 50000/50000 128 128d 1024h 2048h | SAHARA2 32@0 SBL DIAG4 64@1 QMI14 32@0 DUN32 32@0 FIREHOSE34 32@0 FP DUN292 32@1 IP_HW0100 128@2/3*",
  em919x:
    "17cb:0306[18d7:0200] 24000/24000 2048 2048h 2048h | SAHARA2 32/256@0 SBL DIAG4 32@0 MBIM12 128@0 QMI14 32@0 DUN32 32@0 IP_HW0100 512@1/2*",
  mv3x: "1269:00b3 20000/20000 256 256d 1024h 1024h | LOOPBACK0 64@0 MBIM12 64@0 IP_HW0_MBIM100 512@2/3*",
  aic100:
    "17cb:a100 2000/2000 32 | QAIC_LOOPBACK0 32@0 QAIC_SAHARA2 32@0 SBL QAIC_DIAG4 32@0 QAIC_SSR6 32@0 QAIC_QDSS8 32@0 QAIC_CONTROL10 128@0 QAIC_LOGGING12 32@0 SBL QAIC_STATUS14 32@0 QAIC_TELEMETRY16 32@0 QAIC_DEBUG18 32@0 QAIC_TIMESYNC20 32@0 SBL QAIC_TIMESYNC_PERIODIC22 32@0",
  qca6390: "17cb:1101 20000/20000 32 256 1ms | IPCR20 64@1",
  wcn6855: "17cb:1103 20000/20000 32 256 1ms | IPCR20 64@1",
  qcn9074: "17cb:1104 20000/20000 32 256 1ms | IPCR20 32@1",
  wcn7850: "17cb:1107 90000/90000 32 256 1ms | IPCR20 64@1",
};

const hex4 = (value: number): string => value.toString(16).padStart(4, "0");

function lineOf({ pci, timeoutMs, readyTimeoutMs, sidebandWake, eventRings, channels, kind }: FamilyProfile): string {
  const own = pci.subVendor !== pci.vendor || pci.subDevice !== pci.device;
  const subsystem = own ? `[${hex4(pci.subVendor)}:${hex4(pci.subDevice)}]` : "";
  const letter = { ctrl: "", data: "d", sw: "s", hw: "h" } as const;
  const normal = { ctrl: 0, data: 5, sw: 0, hw: 1 } as const;
  const rings = eventRings.map((ring) =>
    ring.moderationMs === normal[ring.kind]
      ? `${ring.elements}${letter[ring.kind]}`
      : `${ring.elements} ${ring.moderationMs}ms`,
  );
  const pairs = channels
    .filter(({ direction }) => direction === "ul")
    .map((ul) => {
      const dl = channels.find(({ channel }) => channel === ul.channel + 1) ?? ul;
      const both = (a: number, b: number) => (a === b ? `${a}` : `${a}/${b}`);
      const ee = ul.execEnv === ExecEnv.AMSS ? "" : ` ${execEnvName(ul.execEnv)}`;
      return `${ul.name}${ul.channel} ${both(ul.elements, dl.elements)}@${both(ul.eventRing, dl.eventRing)}${ul.burst ? "*" : ""}${ee}`;
    });
  const id = `${hex4(pci.vendor)}:${hex4(pci.device)}${subsystem}`;
  const wake = sidebandWake && kind === "modem" ? " sideband" : "";
  return `${id} ${timeoutMs}/${readyTimeoutMs}${wake} ${rings.join(" ")} | ${pairs.join(" ")}`;
}

describe("against the drivers' tables of 6.12", () => {
  const known = familyIds().filter((id) => knownTo(familyById(id), "6.12.117"));

  test("every family that 6.12 knows stands in the table", () => {
    expect(known).toEqual(Object.keys(TABLE));
    expect(familyIds().filter((id) => !known.includes(id))).toEqual(["aic200"]);
  });

  test.each(known)("%s", (id) => {
    expect(lineOf(familyOn(familyById(id), "6.12.117"))).toBe(TABLE[id]);
  });

  test("aic200, which only 7.2 knows", () => {
    expect(lineOf(familyOn(familyById("aic200"), "7.2.12"))).toBe(
      "17cb:a110 2000/2000 32 | QAIC_LOOPBACK0 32@0 QAIC_SAHARA2 32@0 SBL QAIC_SSR6 32@0 QAIC_CONTROL10 128@0 QAIC_LOGGING12 32@0 SBL QAIC_STATUS14 32@0 QAIC_TELEMETRY16 32@0 QAIC_TIMESYNC_PERIODIC22 32@0 IPCR24 32@0",
    );
  });

  test("identity of each is its own", () => {
    const ids = known.map((id) => lineOf(familyById(id)).split(" ")[0]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("with 17cb:010c as subsystem an SDX55 would be Foxconn's, with other rings", () => {
    const { subVendor, subDevice } = familyById("sdx55").pci;
    expect([subVendor, subDevice]).not.toEqual([0x17cb, 0x010c]);
  });
});

describe("firmware", () => {
  test("what the host asks for in PBL and in EDL, and how it loads it", () => {
    const lines = familyIds().map((id) => {
      const { image = "-", edl = "-", load, sblBytes, segmentBytes } = familyById(id).firmware;
      const sizes = [sblBytes, segmentBytes].map((bytes) => (bytes === undefined ? "" : ` ${bytes / 1024}K`)).join("");
      return `${id}: ${image} ${edl} ${load}${sizes}`;
    });
    expect(lines).toEqual([
      "sdx24: - qcom/prog_firehose_sdx24.mbn bhi",
      "sdx55: qcom/sdx55m/sbl1.mbn qcom/sdx55m/edl.mbn bhi",
      "sdx65: qcom/sdx65m/xbl.elf qcom/sdx65m/edl.mbn bhi",
      "sdx75: qcom/sdx75m/xbl.elf qcom/sdx75m/edl.mbn bhi",
      "t99w175: - qcom/sdx55m/foxconn/prog_firehose_sdx55.mbn bhi",
      "t99w640: - qcom/sdx72m/foxconn/edl.mbn bhi",
      "em1xx: - qcom/prog_firehose_sdx24.mbn bhi",
      "rm5xx: - qcom/prog_firehose_sdx6x.elf bhi",
      "fn980: qcom/sdx55m/sbl1.mbn qcom/sdx55m/edl.mbn bhi",
      "fn990: - - bhi",
      "fn920c04: - - bhi",
      "em919x: - - bhi",
      "mv3x: - - bhi",
      "aic100: qcom/aic100/sbl.bin - bhi",
      "aic200: qcom/aic200/sbl.bin - bhie 512K",
      "qca6390: ath11k/QCA6390/hw2.0/amss.bin - bhi-bhie 512K 512K",
      "wcn6855: ath11k/WCN6855/hw2.0/amss.bin - bhi-bhie 512K 512K",
      "qcn9074: ath11k/QCN9074/hw1.0/amss.bin - bhi-bhie 512K 512K",
      "wcn7850: ath12k/WCN7850/hw2.0/amss.bin - bhi-bhie 512K 512K",
    ]);
  });
});

describe("by kernel", () => {
  const on = (id: string, kernel: string) => familyOn(familyById(id), kernel);

  test("6.1 has no IP_SW0, and the data path on the rings before", () => {
    expect(lineOf(on("sdx55", "6.1.0-50-amd64"))).toBe(
      "17cb:0306 8000/8000 64 128d 1024h 2048h | DIAG4 16@1 MBIM12 4@0 QMI14 4@0 IPCR20 8@0 FIREHOSE34 32@0 FP IP_HW0100 128@2/3*",
    );
    expect(on("sdx55", "6.12.117").channels).toBe(familyById("sdx55").channels);
    expect(familyOn(familyById("sdx55"), undefined)).toBe(familyById("sdx55"));
  });

  test("6.1 calls a T99W175 foxconn-sdx55, and gives it no FIREHOSE", () => {
    const old = on("t99w175", "6.1.0-50-amd64");
    expect(old.driverName).toBe("foxconn-sdx55");
    expect(old.channels.map(({ name }) => name)).not.toContain("FIREHOSE");
    expect(on("t99w175", "6.12.117").driverName).toBe("foxconn-t99w175");
  });

  test("which families a kernel knows", () => {
    const unknownTo = (kernel: string) => familyIds().filter((id) => !knownTo(familyById(id), kernel));
    expect(unknownTo("6.1.0-50-amd64")).toEqual([
      "sdx75",
      "t99w640",
      "rm5xx",
      "fn920c04",
      "aic100",
      "aic200",
      "wcn7850",
    ]);
    expect(unknownTo("7.2.12+deb13-amd64")).toEqual([]);
  });

  test("qaic starts more by itself on 7.2", () => {
    const started = (kernel: string) =>
      on("aic100", kernel)
        .channels.filter(({ autoStart, direction }) => autoStart && direction === "ul")
        .map(({ channel }) => channel);
    expect(started("6.12.117")).toEqual([2, 10, 20, 22]);
    expect(started("7.2.12")).toEqual([2, 6, 10, 12, 14, 20, 22, 24]);
  });
});

describe("modules", () => {
  test("channels that start without a user are those whose client opens them in its probe", () => {
    const sdx55 = familyById("sdx55");
    const started = sdx55.channels.filter(({ autoStart }) => autoStart).map(({ channel }) => channel);
    expect(started).toEqual([20, 21, 46, 47, 100, 101]);
    expect(clientModules(sdx55).sort()).toEqual(["mhi_net", "mhi_wwan_ctrl", "qrtr_mhi"]);
    expect(clientModules(familyById("t99w175")).sort()).toEqual(["mhi_wwan_ctrl", "mhi_wwan_mbim"]);
  });

  test("the driver's own", () => {
    const modules = new Set(familyIds().map((id) => driverModule(familyById(id))));
    expect(driverModule(familyOn(familyById("wcn7850"), "6.12.117"))).toBe("ath12k");
    expect([...modules].sort()).toEqual(["ath11k_pci", "ath12k_wifi7", "mhi_pci_generic", "qaic"]);
  });
});

test("an unknown family names those there are", () => {
  expect(() => familyById("sdx99")).toThrow(UsageError);
  expect(() => familyById("sdx99")).toThrow(`no device family "sdx99"; there are: ${familyIds().join(", ")}`);
});

test("a channel that the family does not have", () => {
  expect(channelName(familyById("sdx55"), 33)).toBe("ch33");
});
