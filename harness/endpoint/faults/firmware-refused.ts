import { countdown, defineFault, type ImageStage, TIMES } from "./fault.ts";
import { STAGE } from "./image-stage.ts";

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
