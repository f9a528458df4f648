/**
 * Failures that were met in the field and that neither a trace nor the kernel's log can show. Listed, so that nobody
 * takes a silence of the judge for their absence.
 */
export interface NotShown {
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly source: string;
}

export const NOT_SHOWN: readonly NotShown[] = [
  {
    id: "F10",
    name: "ath11k: hibernation added, reverted in 6.10.10, back later",
    why: "which sequence is right depends on the kernel; without support it fails as F08 does and is told as that",
    source: "https://mail.spinics.net/lists/linux-arm-msm/msg190675.html",
  },
  {
    id: "F11",
    name: "ath11k: association alive and RX dead after resume from WoW",
    why: "the MHI trace is normal in every step; WLAN data does not pass through MHI",
    source: "https://lists.infradead.org/pipermail/ath11k/2026-May/008497.html",
  },
  {
    id: "F22",
    name: "T99W175: driver binds, ModemManager sees nothing",
    why: "the boot is nominal; what fails is in user space or in the modem's mode",
    source: "https://forum.openwrt.org/t/t99w175-06-modem-not-coming-up-on-bpi-r4/191683",
  },
  {
    id: "F26",
    name: "WCN7850: scans fail after deep suspend",
    why: "MHI reloads as it should; what fails is above it",
    source: "https://github.com/ROCKNIX/distribution/pull/2954",
  },
  {
    id: "F30",
    name: "qaic: Status:Error after a change of the SDK",
    why: "SYS_ERR and a reload from PBL follow any crash; that versions do not fit is not in it",
    source: "https://github.com/quic/cloud-ai-sdk/issues/4",
  },
  {
    id: "F31",
    name: "ath11k: -110 on RB4 with 7.3-rc2",
    why: "looks as a boot without READY or without image does (F01, F04); the cause was in the platform's description",
    source: "https://github.com/qualcomm-linux/kernel/issues/1147",
  },
];
