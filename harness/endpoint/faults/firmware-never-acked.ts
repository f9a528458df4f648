import { countdown, defineFault, type ImageStage, TIMES } from "./fault.ts";
import { STAGE } from "./image-stage.ts";

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
