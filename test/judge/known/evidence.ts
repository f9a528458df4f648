/** For each failure from the field: evidence of it, and the nearest that is not it. */
import type { Evidence } from "../../../harness/judge/evidence.ts";
import type { FamilyProfile } from "../../../harness/mhi/families/family.ts";
import { sdx55 } from "../../../harness/mhi/families/qualcomm.ts";
import { foxconn } from "../support.ts";
import { tell } from "./tell.ts";

export interface Specimen {
  readonly id: string;
  /** What makes the evidence sure, or what the near miss lacks. */
  readonly what: string;
  readonly evidence: Evidence;
  readonly family: FamilyProfile;
}

export const wlan: FamilyProfile = { ...sdx55, id: "wlan", kind: "wlan", pciDriver: "ath11k_pci", timeoutMs: 20_000 };
export const accelerator: FamilyProfile = { ...sdx55, id: "accelerator", kind: "accelerator", pciDriver: "qaic" };

const gap = (fromS: number, toS: number): Evidence["gaps"] => [
  { fromNs: fromS * 1e9, toNs: toS * 1e9, reason: "overrun" },
];

/** The same text without the lines that fit. */
const without = (text: string, pattern: RegExp): string =>
  text
    .split("\n")
    .filter((line) => !pattern.test(line))
    .join("\n");

const both = (
  id: string,
  family: FamilyProfile,
  what: string,
  evidence: Evidence,
  ...misses: readonly (readonly [string, Evidence, FamilyProfile?])[]
): { readonly is: Specimen; readonly not: readonly Specimen[] } => ({
  is: { id, what, evidence, family },
  not: misses.map(([why, miss, other]) => ({ id, what: why, evidence: miss, family: other ?? family })),
});

/** The field report's own log (a Quectel RM520N-GL on 6.6.9), times and all. */
const f01Log = `
  9.820931 LOG mhi-pci-generic 0000:03:00.0: MHI PCI device found: qcom-sdx65m
  9.822670 LOG mhi mhi0: Requested to power ON
  9.822845 LOG mhi mhi0: Power on setup success
  25.887867 LOG mhi mhi0: Device failed to enter MHI Ready
  25.888130 LOG mhi mhi0: MHI did not enter READY state
  25.888443 LOG mhi-pci-generic 0000:03:00.0: failed to power up MHI controller
  25.889145 LOG mhi-pci-generic: probe of 0000:03:00.0 failed with error -110`;
const f02Log = `
  3.1 LOG mhi mhi0: Device failed to enter MHI Ready
  40.2 LOG mhi mhi0: Requested to power ON
  61.4 LOG mhi mhi0: Device failed to clear MHI Reset`;
const f03 = `
  5.0 LOG ath11k_pci 0000:01:00.0: MSI vectors: 32
  5.1 ST PBL
  5.11 LOG mhi mhi0: Direct firmware load for ath11k/WCN6855/hw2.0/amss.bin failed with error -2
  5.11 LOG mhi mhi0: Error loading firmware: -2
  5.12 PM FW_DL_ERR
  5.13 PM LD_ERR_FATAL_DETECT
  5.14 ST DISABLE (DESTROY DEVICE)
  5.15 PM DISABLE
  5.16 LOG ath11k_pci 0000:01:00.0: failed to power up mhi: -110`;
const f04 = `
  5.1 ST PBL
  5.2 LOG arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, iova=0xffa00000
  26.1 PM LD_ERR_FATAL_DETECT
  26.2 ST DISABLE (DESTROY DEVICE)
  26.3 PM DISABLE
  26.4 LOG ath11k_pci 0000:01:00.0: failed to power up mhi: -110`;
const f05 = `
  90.0 LOG PM: suspend entry (deep)
  90.5 PM M3_ENTER
  90.6 CE state M3
  90.7 PM M3
  130.0 LOG Linux version 7.2.0-rc3`;
const f06 = `
  4.0 LOG mhi mhi0: Requested to power ON
  4.1 PM SYS_ERR_DETECT
  4.15 LOG mhi-pci-generic 0000:01:00.0: Fatal error received from device
  4.2 ST SYS ERROR
  4.3 PM SYS_ERR_PROCESS
  12.6 LOG mhi mhi0: Device failed to exit MHI Reset state
  12.7 LOG mhi mhi0: Device MHI is not in valid state`;
const f07 = `
  40.0 PM M0
  50.0 IV AMSS M0 / AMSS SYS_ERR
  50.1 PM SYS_ERR_DETECT
  50.2 ST SYS ERROR
  50.3 PM SYS_ERR_PROCESS
  76.0 PM SYS_ERR_FAIL
  76.0 LOG mhi mhi0: Device failed to exit MHI Reset state`;
const f08 = `
  200.0 LOG PM: hibernation: hibernation entry
  201.0 PM SHUTDOWN_PROCESS
  201.1 ST DISABLE (DESTROY DEVICE)
  201.2 PM DISABLE
  205.0 LOG qcom_mhi_qrtr mhi0_IPCR: Driver qcom_mhi_qrtr force probe deferral
  225.0 LOG ath11k_pci 0000:01:00.0: timeout while waiting for restart complete`;
const f09 = `
  60.0 POWER start ath12k_pci bus 
  60.1 PM SHUTDOWN_PROCESS
  60.2 PM DISABLE
  60.3 POWER end ath12k_pci bus `;
const f12 = `
  20.0 PM M0
  30.0 IV AMSS M0 / AMSS SYS_ERR
  30.01 PM SYS_ERR_DETECT
  30.02 LOG mhi-pci-generic 0000:01:00.0: firmware crashed (6)
  30.03 ST SYS ERROR
  30.04 PM SYS_ERR_PROCESS
  30.05 ST READY
  30.9 PM POR
  31.0 PM M0
  31.2 ST MISSION MODE
  200 END`;
const f13 = `
  10.0 PM M0
  11.0 CS 14 START
  19.5 CE cmd 1
  19.5001 CE data 13
  19.5002 CE data 15
  30 END`;
const f14 = `
  10.0 TRE 13
  10.1 TRE 12
  10.2 CE data 12
  10.3 CE data 13
  10.4 TRE 13
  20.0 PM M3_ENTER
  20.1 PM M3
  40.0 PM M3_EXIT
  40.1 PM M0
  41.0 TRE 12
  41.1 CE data 12
  60 END`;
const packets = (channel: number, count: number, fromS: number, stepS: number): string =>
  Array.from({ length: count }, (_, at) => `${(fromS + at * stepS).toFixed(3)} DE ${channel}`).join("\n");
const f15 = `
  5.0 TRE 101
${packets(100, 25, 6, 0.5)}`;
const f17 = `
  50.0 PM M3_ENTER
  50.1 PM M3
  70.0 TRE 46
  100 END`;
const f18 = `
  80.0 LOG mhi-pci-generic 0000:01:00.0: device recovery started
  242.0 LOG INFO: task kworker/1:2:77 blocked for more than 120 seconds.
  242.1 LOG  mhi_pci_recovery_work+0x31/0xb0 [mhi_pci_generic]`;
const f19 = `
  10 PM M0
  20 LOG mhi-pci-generic 0000:01:00.0: failed to suspend device: -16
  25 LOG mhi-pci-generic 0000:01:00.0: failed to suspend device: -16
  30 LOG mhi-pci-generic 0000:01:00.0: failed to suspend device: -16
  31 END`;
const f20 = `
  70.0 LOG Internal error: synchronous external abort: 0000000096000210 [#1] PREEMPT SMP
  70.1 LOG  ath11k_pci_read32+0x44/0x120 [ath11k_pci]`;
const f21 = `
  5.0 LOG ath11k_pci 0000:01:00.0: MSI vectors: 1
  5.1 ST PBL
  5.9 PM FW_DL_ERR
  6.0 LOG ath11k_pci 0000:01:00.0: failed to power up mhi: -110`;
const f23 = `
  6.312 LOG mhi_init Quectel_Linux_PCIE_MHI_Driver_V1.3.8
  9.820 LOG mhi-pci-generic 0000:03:00.0: MHI PCI device found: qcom-sdx65m`;
const f24 = `
  1.2 LOG pci 0000:01:00.0: [105b:e0c0] type 00 class 0xff0000
  9.0 LOG mhi-pci-generic 0000:02:00.0: MHI PCI device found: foxconn-sdx55
  60.0 LOG wlan0: associated`;
const f25 = `
  10.0 PM M3_ENTER
  10.1 PM M3
  30.0 PM M3_EXIT
  30.2 CE state M0
  30.21 PM M0
  30.3 CE ee RDDM
  30.4 LOG ath11k_pci 0000:01:00.0: ignore reset dev flags 0x0
  100 END`;
const f27 = `
  1.3 LOG pci 0000:01:00.0: BAR 0 [mem size 0x00200000 64bit]: can't assign; bogus alignment
  2.0 LOG ath11k_pci 0000:01:00.0: probe with driver ath11k_pci failed with error -22`;
const f28 = `
  4.0 LOG mhi mhi0: Attempting power on with EE: MISSION MODE, state: SYS ERROR
  24.5 LOG mhi mhi0: Device failed to exit MHI Reset state
  24.6 LOG mhi mhi0: Device MHI is not in valid state`;
const f29 = `
  30.0 PM M3_ENTER
  30.1 CE state M3
  30.1 PM M3
  45.0 LOG mhi mhi0: Resuming from non M3 state (RESET)
  45.0 LOG mhi-pci-generic 0000:01:00.0: failed to resume device: -22
  45.1 LOG mhi-pci-generic 0000:01:00.0: device recovery started
  45.2 PM LD_ERR_FATAL_DETECT
  45.3 ST DISABLE (DESTROY DEVICE)
  45.4 PM DISABLE`;

export const SPECIMENS = [
  both(
    "F01",
    sdx55,
    "the log of the report, without a trace",
    tell(f01Log),
    ["RESET that did not clear", tell(`${f01Log}\n 24.0 LOG mhi mhi0: Device failed to clear MHI Reset`)],
    ["a crash before it", tell(`5.0 PM SYS_ERR_DETECT\n 10.0 ST READY\n${f01Log}`)],
    ["READY after half of the time", tell("9.0 ST READY\n 13.0 PM POR\n 100 END")],
    ["READY still waited for", tell("9.0 ST READY\n 20 END")],
    ["READY that a gap may hide", tell("9.0 ST READY\n 100 END", { gaps: gap(20, 21) })],
  ),
  both(
    "F02",
    sdx55,
    "two starts of a guest",
    tell(f02Log),
    ["the second half alone", tell(without(f02Log, /Ready/))],
    ["RESET stuck after a crash", tell(`1 PM SYS_ERR_DETECT\n${f02Log}`)],
    ["RESET stuck after a crash that the log tells", tell(`1 LOG mhi-pci-generic: firmware crashed (6)\n${f02Log}`)],
  ),
  both(
    "F03",
    wlan,
    "amss.bin missing",
    tell(f03),
    [
      "an optional file of the WLAN driver",
      tell(
        "5.0 ST PBL\n5.1 LOG ath11k_pci 0000:01:00.0: Direct firmware load for ath11k/WCN6855/hw2.0/firmware-2.bin failed with error -2\n5.12 PM FW_DL_ERR",
      ),
    ],
    ["a load that fails late", tell("5.0 ST PBL\n25.1 PM FW_DL_ERR\n 25.2 LOG mhi mhi0: Error loading firmware: -110")],
    [
      "the loader's word, and an error long after",
      tell(
        without(f03, /Error loading/)
          .replace("5.12 PM", "25.0 PM")
          .replace("5.13 PM", "25.1 PM"),
      ),
    ],
    ["the loader's word, and no error", tell(without(f03, /Error loading|FW_DL/))],
  ),
  both(
    "F04",
    wlan,
    "SMMU fault while the image is fetched",
    tell(f04),
    ["another device's fault, long before", tell(f04.replace("5.2 LOG", "1.2 LOG"))],
    [
      "a fault and a good boot",
      tell("5.1 ST PBL\n5.2 LOG arm-smmu 15000000.iommu: Unhandled context fault\n 6 PM POR\n 40 END"),
    ],
    ["no image and no fault", tell(without(f04, /smmu/))],
    ["the image was taken, and a power down later", tell(f04.replace("26.1 PM", "6.0 PM POR\n 26.1 PM"))],
    ["a fault, and nothing given up", tell(without(f04, /LD_ERR|failed to power/))],
  ),
  both(
    "F05",
    wlan,
    "a new start in the middle of the suspend",
    tell(f05),
    ["a suspend that goes on", tell(without(f05, /Linux version/))],
    ["a suspend that ended, then a reboot", tell(f05.replace("130.0", "99.0 LOG PM: suspend exit\n 130.0"))],
    ["work went on after it", tell(f05.replace("130.0", "95.0 DE 101\n 130.0"))],
    ["no record of this suspend", tell(f05.replaceAll(/90\.([567]) /g, "80.$1 "))],
  ),
  both(
    "F06",
    sdx55,
    "SYS_ERR during the power-up",
    tell(f06),
    ["the same on a kernel with the fix", tell(f06, { kernel: "6.12.35" })],
    ["a crash in mission mode", tell(`1.0 ST MISSION MODE\n 1.1 PM M0\n${without(f06, /power ON/)}`)],
  ),
  both(
    "F07",
    accelerator,
    "SYS ERROR Failure",
    tell(f07),
    ["RESET cleared in time", tell(without(f07, /SYS_ERR_FAIL|failed to exit/))],
    ["RESET stuck with no crash before it", tell("10 LOG mhi mhi0: Device failed to exit MHI Reset state")],
    [
      "a crash, and then a power-up that fails",
      tell(
        "5 LOG mhi-pci-generic: firmware crashed (6)\n 9 LOG mhi mhi0: Requested to power ON\n 10 LOG mhi mhi0: Device failed to exit MHI Reset state",
      ),
    ],
    [
      "the log of it, with a trace that shows none",
      tell(
        "4 PM M0\n5 LOG mhi-pci-generic: firmware crashed (6)\n 10 LOG mhi mhi0: Device failed to exit MHI Reset state",
      ),
    ],
  ),
  both(
    "F08",
    wlan,
    "devices destroyed in hibernation",
    tell(f08),
    ["the same outside of a transition", tell(without(f08, /hibernation|deferral/))],
    ["a kernel that keeps the devices", tell(f08, { kernel: "6.12.1" })],
    [
      "powered down after the transition",
      tell(without(f08, /deferral/).replace("201.0", "200.5 LOG PM: hibernation: hibernation exit\n 201.0")),
    ],
  ),
  both(
    "F09",
    wlan,
    "SHUTDOWN in the suspend phase",
    tell(f09),
    ["in the late phase", tell(f09.replaceAll("bus", "late bus"))],
    ["another driver", tell(f09.replaceAll("ath12k_pci", "ath11k_pci"))],
    ["nothing powered down in it", tell(without(f09, /SHUTDOWN/))],
  ),
  both(
    "F12",
    sdx55,
    "crash and recovery",
    tell(f12),
    ["never back, and watched for", tell(without(f12, /MISSION/))],
    ["a crash into the RAM dump", tell(f12.replace("/ AMSS SYS_ERR", "/ RDDM SYS_ERR"))],
    ["a crash of the boot loader", tell(f12.replace("20.0 PM M0", "20.0 PM POR"))],
    ["a power cycle in between", tell(f12.replace("30.05 ST READY", "30.045 PM DISABLE\n 30.05 ST READY"))],
    ["RESET not cleared", tell(f12.replace("30.05 ST READY", "30.045 PM SYS_ERR_FAIL\n 30.05 ST READY"))],
    ["mid-life, in the boot loader", tell(without(f12, /20\.0 PM/).replace("IV AMSS", "IV SBL"))],
  ),
  both(
    "F13",
    sdx55,
    "a command's answer after its time-out, with others",
    tell(f13),
    ["a slow answer, alone", tell(without(f13, /CE data/))],
    ["in time", tell(f13.replaceAll("19.5", "12.5"))],
    ["other answers came in between", tell(`${f13}`.replace("19.5 CE cmd", "15 CE data 21\n 19.5 CE cmd"))],
    ["a gap in the wait", tell(f13, { gaps: gap(15, 16) })],
  ),
  both(
    "F14",
    sdx55,
    "answers before the suspend, none after",
    tell(f14),
    ["an answer after all", tell(f14.replace("60 END", "45.0 CE data 13\n 60 END"))],
    ["never answered", tell(without(f14, /10\.3/))],
    ["suspended again at once", tell(f14.replace("60 END", "43.0 PM M3_ENTER\n 60 END"))],
    ["a gap in the wait", tell(f14, { gaps: gap(45, 46) })],
  ),
  both(
    "F15",
    foxconn,
    "25 packets out, none in",
    tell(f15),
    ["one in", tell(`${f15}\n 18.9 DE 101`)],
    ["a handful of packets, as an idle network device sends", tell(`5.0 TRE 101\n${packets(100, 6, 6, 4)}`)],
    ["the other data path", tell(f15), sdx55],
  ),
  both(
    "F16",
    sdx55,
    "25 packets out, none in, no doorbell asked for",
    tell(f15),
    ["one in", tell(`${f15}\n 18.9 DE 101`)],
    ["the other data path", tell(f15), foxconn],
    ["no buffers lay ready", tell(without(f15, /TRE/))],
  ),
  both(
    "F17",
    sdx55,
    "a buffer queued in M3",
    tell(f17),
    ["it woke the device", tell(f17.replace("100 END", "70.01 PM M3_EXIT\n 100 END"))],
    ["not watched for long enough", tell(f17.replace("100 END", "75 END"))],
  ),
  both(
    "F18",
    sdx55,
    "a hung recovery",
    tell(f18),
    ["another task hangs", tell(f18.replace("mhi_pci_recovery_work", "nfs_wait"))],
    ["the recovery had ended", tell(f18.replace("242.0", "90 LOG mhi-pci-generic: Recovery completed\n 242.0"))],
    ["a kernel with the fix", tell(f18, { kernel: "6.12.19" })],
  ),
  both(
    "F19",
    sdx55,
    "three refusals in a row",
    tell(f19),
    [
      "a suspend in between",
      tell(f19.replace("25 LOG", "24 PM M3_ENTER\n 24.1 PM M3\n 24.5 PM M3_EXIT\n 24.6 PM M0\n 25 LOG")),
    ],
    ["one refusal", tell(without(f19, /^ {2}(?:25|30) /))],
    ["another error", tell(f19.replaceAll("-16", "-5"))],
  ),
  both("F20", wlan, "an abort in ath11k", tell(f20), [
    "an abort elsewhere",
    tell(f20.replaceAll("ath11k_pci", "nvme")),
  ]),
  both(
    "F21",
    wlan,
    "one vector and no boot, before the fix",
    tell(f21, { kernel: "6.5.11" }),
    ["a kernel with the fix", tell(f21, { kernel: "6.5.12" })],
    [
      "one vector and a good boot",
      tell("5.0 LOG ath11k_pci 0000:01:00.0: MSI vectors: 1\n 5.1 ST PBL\n 6 PM POR", { kernel: "6.5.11" }),
    ],
    [
      "one vector, and M1, whose number is that of the RAM dump",
      tell("5.0 LOG ath11k_pci 0000:01:00.0: MSI vectors: 1\n 5.1 ST PBL\n 6 CE state M1", { kernel: "6.5.11" }),
    ],
    ["32 vectors", tell(f21.replace("vectors: 1", "vectors: 32"), { kernel: "6.5.11" })],
  ),
  both(
    "F23",
    sdx55,
    "both drivers speak",
    tell(f23),
    ["the vendor's alone", tell(without(f23, /generic/))],
    ["the kernel's alone", tell(without(f23, /Quectel/))],
  ),
  both(
    "F24",
    sdx55,
    "105b:e0c0 and no driver for half a minute",
    tell(f24),
    ["a kernel that knows it", tell(`${f24}\n 61 LOG mhi-pci-generic 0000:01:00.0: MHI PCI device found: x`)],
    ["a log that ends too early", tell(without(f24, /associated/))],
    ["the driver was at work", tell(`3 PM M0\n${f24}`)],
    ["another device", tell(f24.replace("e0c0", "e0b0"))],
  ),
  both(
    "F25",
    wlan,
    "RAM dump mode at resume, not left",
    tell(f25),
    ["restarted", tell(f25.replace("100 END", "32 ST PBL\n 100 END"))],
    ["M1, whose number is that of the RAM dump", tell(f25.replace("CE ee RDDM", "CE state M1"))],
    ["crashed long after", tell(f25.replace("30.3 CE", "50.3 CE"))],
    ["not watched", tell(f25.replace("100 END", "40 END"))],
  ),
  both(
    "F27",
    wlan,
    "bogus alignment and -22",
    tell(f27),
    ["a second try fits", tell(without(f27, /-22/))],
    ["another function's BAR", tell(f27.replace("pci 0000:01", "pci 0000:05"))],
  ),
  both(
    "F28",
    sdx55,
    "SYS_ERR before the driver came",
    tell(f28),
    ["RESET helped", tell(without(f28, /failed to exit|valid/))],
    ["SYS_ERR handled meanwhile", tell(`4.1 PM SYS_ERR_DETECT\n${f28}`)],
    ["a crash handled meanwhile", tell(`${f28}\n 5.0 LOG mhi-pci-generic 0000:01:00.0: firmware crashed (6)`)],
  ),
  both(
    "F29",
    sdx55,
    "given up straight from M3",
    tell(f29),
    ["crashed in the suspend", tell(f29.replace("(RESET)", "(SYS ERROR)"))],
    [
      "did not acknowledge M0",
      tell(f29.replace("45.0 LOG mhi mhi0: Resuming from non M3 state (RESET)", "45.0 PM M3_EXIT")),
    ],
    ["a gap that may hide M3->M0", tell(without(f29, /LOG/), { gaps: gap(44, 45) })],
  ),
];

/** Other evidence that is as sure. */
export const ALSO: readonly Specimen[] = [
  { id: "F01", what: "the trace alone", evidence: tell("9.0 ST READY\n100 END"), family: sdx55 },
  {
    id: "F03",
    what: "the loader's word and an error at once",
    evidence: tell(without(f03, /Error loading/)),
    family: wlan,
  },
  { id: "F04", what: "without the driver's own line", evidence: tell(without(f04, /failed to power/)), family: wlan },
  {
    id: "F05",
    what: "the collector saw the host go down",
    evidence: tell(without(f05, /Linux version/), {
      toNs: 130e9,
      gaps: [{ fromNs: 91e9, toNs: 130e9, reason: "host-down" }],
    }),
    family: wlan,
  },
  {
    id: "F06",
    what: "after the silent POR",
    evidence: tell(f06.replace("4.1 PM", "4.05 PM POR\n 4.1 PM")),
    family: sdx55,
  },
  {
    id: "F07",
    what: "the log alone",
    evidence: tell(
      "5 LOG mhi-pci-generic: firmware crashed (6)\n 31 LOG mhi mhi0: Device failed to exit MHI Reset state",
    ),
    family: sdx55,
  },
  { id: "F12", what: "mid-life", evidence: tell(without(f12, /20\.0 PM/)), family: sdx55 },
  {
    id: "F12",
    what: "the evidence ends with the crash",
    evidence: tell(without(f12, /ST|POR|31\.0|200/)),
    family: sdx55,
  },
  {
    id: "F13",
    what: "with the others before it",
    evidence: tell(f13.replace("19.5 CE cmd 1", "19.4999 CE data 13\n 19.5 CE cmd 1")),
    family: sdx55,
  },
  { id: "F16", what: "a doorbell was asked for", evidence: tell(`${f15}\n 18.5 DE 101 OOB`), family: sdx55 },
  { id: "F29", what: "the log alone", evidence: tell(without(f29, / (?:PM|CE|ST) /)), family: sdx55 },
  { id: "F29", what: "the trace alone", evidence: tell(without(f29, /LOG/)), family: sdx55 },
];
