import { countdown, defineFault, type ImageStage, TIMES } from "./fault.ts";
import { STAGE } from "./image-stage.ts";

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
