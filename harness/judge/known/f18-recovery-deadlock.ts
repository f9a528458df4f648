import { logged } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

const HUNG = /task .* blocked for more than \d+ seconds/i;
/** Frames of the hung task. */
const FRAMES = /mhi_pci_(?:recovery_work|remove|suspend|shutdown)|pci_(?:try_)?reset_function/;

export const recoveryDeadlock: KnownFailure = {
  id: "F18",
  name: "recovery deadlocks with remove or suspend",
  families: ["modem"],
  fixedIn: ["6.12.19"],
  symptom: "the machine or its shutdown hangs after a modem died; tasks are blocked",
  cause: "the recovery work waits for the device's lock, and whoever holds it waits for the recovery (CVE-2025-21951)",
  remedy: [
    {
      text: "a kernel of which the recovery only tries the reset (6.12.19)",
      source: "https://www.cve.org/CVERecord?id=CVE-2025-21951",
    },
  ],
  recognise(failure) {
    const begun = failure.nearest(failure.linesOf(/device recovery started|Recovery failed/i));
    const hung = begun && failure.line(HUNG, begun.tNs);
    const frame = hung && failure.line(FRAMES, hung.tNs, hung.tNs + 5e9);
    const over = hung && failure.line(/Recovery completed/i, begun.tNs, hung.tNs);
    return begun && hung && frame && !over ? recognised(logged(begun), logged(hung), logged(frame)) : undefined;
  },
};
