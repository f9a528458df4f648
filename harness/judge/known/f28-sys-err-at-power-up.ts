import { PmState } from "../../mhi/pm-state.ts";
import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const IN_SYS_ERR = /Attempting power on with EE: .*state: SYS ERROR/i;

export const sysErrAtPowerUp: KnownFailure = {
  id: "F28",
  name: "device is in SYS_ERR already when it is powered up",
  families: ["modem", "accelerator", "wlan"],
  symptom: "power up fails although the device answers on the bus",
  cause: "the device crashed before the driver came, and does not leave SYS_ERR on RESET",
  remedy: [
    {
      text: "cut the device's power; the host resets such a device first since 2020",
      source: "https://lkml.iu.edu/hypermail/linux/kernel/2005.1/04524.html",
    },
  ],
  recognise(failure) {
    const invalid = failure.nearest(failure.linesOf(/MHI is not in valid state/i));
    const began = failure.nearest(failure.linesOf(IN_SYS_ERR));
    const stuck = began && failure.line(/failed to exit MHI Reset state/i, began.tNs, began.tNs + 60e9);
    const line = invalid ?? stuck;
    if (!line) return undefined;
    // with SYS_ERR handled at the same time it is the race (F06)
    if (failure.pm([PmState.SYS_ERR_DETECT], line.tNs - 60e9, line.tNs + 1e9)) return undefined;
    if (failure.line(/firmware crashed|Fatal error received/i, line.tNs - 60e9, line.tNs + 1e9)) return undefined;
    return recognised(logged(began), logged(stuck), logged(invalid));
  },
};
