/** What a boot loader does to an image, good as it may be. A missing or broken image is the host's side: the rig stages it. */
import { countdown, defineFault, type ImageStage, TIMES } from "./fault.ts";

const STAGE = {
  kind: "one-of",
  values: ["bhi", "bhie"],
  default: "bhi",
  about: "bhi: the boot loader's image; bhie: the segments of a full boot chain",
} as const;

/** The host prints "Image transfer failed" and four error words; "MHI did not load image over BHI, ret: -5". */
export const firmwareRefused = defineFault({
  name: "firmware-refused",
  about: "an image is refused with an error, whatever it holds",
  options: { stage: STAGE, times: TIMES },
  arm: ({ stage, times }, port) => {
    const mayAct = countdown(times);
    return {
      imageFate: (at: ImageStage) => {
        if (at !== stage || !mayAct()) return undefined;
        port.acted(`image over ${stage} refused`, { stage });
        return "refuse";
      },
    };
  },
});

/** "MHI did not load image over BHI, ret: -110" after the family's time-out. */
export const firmwareNeverAcked = defineFault({
  name: "firmware-never-acked",
  about: "an image is taken and its end never acknowledged",
  options: { stage: STAGE, times: TIMES },
  arm: ({ stage, times }, port) => {
    const mayAct = countdown(times);
    return {
      imageFate: (at: ImageStage) => {
        if (at !== stage || !mayAct()) return undefined;
        port.acted(`image over ${stage} not acknowledged`, { stage });
        return "never";
      },
    };
  },
});

/** Legal as long as it stays below the family's time-out. */
export const firmwareSlow = defineFault({
  name: "firmware-slow",
  about: "the end of an image is acknowledged late",
  options: {
    stage: STAGE,
    delayMs: { kind: "whole-number", min: 0, max: 3_600_000, default: 1500, about: "time to the acknowledgement, ms" },
    times: TIMES,
  },
  arm: ({ stage, delayMs, times }, port) => {
    const mayAct = countdown(times);
    return {
      imageFate: (at: ImageStage) => {
        if (at !== stage || !mayAct()) return undefined;
        port.acted(`image over ${stage} acknowledged after ${delayMs} ms`, { stage });
        return { delayMs };
      },
    };
  },
});
