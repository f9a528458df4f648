import type { FamilyProfile } from "../../mhi/families/family.ts";
import { atModem } from "./at-modem.ts";
import { diag } from "./diag.ts";
import { echo } from "./echo.ts";
import type { FunctionFactory } from "./function.ts";
import { ipPeer } from "./ip-peer.ts";
import { mbimControl } from "./mbim-control.ts";
import { qaicControl } from "./qaic-control.ts";
import { qaicSsr } from "./qaic-ssr.ts";
import { qmiControl } from "./qmi-control.ts";
import { qrtrNode } from "./qrtr.ts";
import { sahara } from "./sahara.ts";
import { sink } from "./sink.ts";
import { wlfw } from "./wlfw.ts";

const BY_CHANNEL_NAME: Readonly<Record<string, FunctionFactory>> = {
  LOOPBACK: echo,
  DIAG: diag,
  MBIM: mbimControl,
  QMI: qmiControl,
  DUN: atModem,
  DUN2: atModem,
  IP_SW0: ipPeer,
  IP_HW0: ipPeer,
  QAIC_LOOPBACK: echo,
  QAIC_CONTROL: qaicControl,
  QAIC_SAHARA: sahara,
  QAIC_SSR: qaicSsr,
};

/** What sits behind a channel of that family, by the channel's name in its table. */
export function functionFor({ wlfwInstance }: FamilyProfile, channelName: string): FunctionFactory {
  if (channelName === "IPCR") {
    return (port) => qrtrNode(port, wlfwInstance === undefined ? undefined : wlfw(wlfwInstance));
  }
  return BY_CHANNEL_NAME[channelName] ?? sink;
}
