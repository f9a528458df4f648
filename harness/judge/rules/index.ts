import { channelCommand } from "./channel-command.ts";
import { channelLife } from "./channel-life.ts";
import { channelPair } from "./channel-pair.ts";
import { ctrlEventConsequence } from "./ctrl-event-consequence.ts";
import { deviceView } from "./device-view.ts";
import { driverComplaint } from "./driver-complaint.ts";
import { eeProgression } from "./ee-progression.ts";
import { handshake } from "./handshake.ts";
import { interruptView } from "./interrupt-view.ts";
import { m3Quiet } from "./m3-quiet.ts";
import { pmTransition } from "./pm-transition.ts";
import { ringPlace } from "./ring-place.ts";
import type { RuleDefinition } from "./rule.ts";
import { suspend } from "./suspend.ts";
import { sysErrFollow } from "./sys-err-follow.ts";
import { transferRing } from "./transfer-ring.ts";
import { unexpectedFailure } from "./unexpected-failure.ts";
import { workerItem } from "./worker-item.ts";

/** The always-on rules, in the order in which their findings are told. */
export const RULES: readonly RuleDefinition[] = [
  handshake,
  sysErrFollow,
  channelCommand,
  unexpectedFailure,
  pmTransition,
  workerItem,
  ctrlEventConsequence,
  channelLife,
  channelPair,
  suspend,
  transferRing,
  ringPlace,
  eeProgression,
  interruptView,
  deviceView,
  m3Quiet,
  driverComplaint,
];
