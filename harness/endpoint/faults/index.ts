import { UsageError } from "../../base/errors.ts";
import { commandCompletionAstray } from "./command-completion-astray.ts";
import { commandCompletionLost } from "./command-completion-lost.ts";
import { commandRefused } from "./command-refused.ts";
import { completionPastWp } from "./completion-past-wp.ts";
import { crashWithDump } from "./crash-with-dump.ts";
import { deviceGone } from "./device-gone.ts";
import { doorbellModeMissing } from "./doorbell-mode-missing.ts";
import { doorbellsOutOfRange } from "./doorbells-out-of-range.ts";
import { eeEventEarly } from "./ee-event-early.ts";
import { eeEventMissing } from "./ee-event-missing.ts";
import { eeGarbage } from "./ee-garbage.ts";
import type { FaultDefinition } from "./fault.ts";
import { firmwareNeverAcked } from "./firmware-never-acked.ts";
import { firmwareRefused } from "./firmware-refused.ts";
import { firmwareSlow } from "./firmware-slow.ts";
import { interruptLost } from "./interrupt-lost.ts";
import { interruptSpurious } from "./interrupt-spurious.ts";
import { m0Duplicated } from "./m0-duplicated.ts";
import { m0Late } from "./m0-late.ts";
import { m0NotAcked } from "./m0-not-acked.ts";
import { m3NotAcked } from "./m3-not-acked.ts";
import { rddm } from "./rddm.ts";
import { readPointerAstray } from "./read-pointer-astray.ts";
import { readyNever } from "./ready-never.ts";
import { resetStuck } from "./reset-stuck.ts";
import { serviceSilent } from "./service-silent.ts";
import { subsystemCrash } from "./subsystem-crash.ts";
import { sysErr } from "./sys-err.ts";
import { transferAstray } from "./transfer-astray.ts";
import { transferChannelWrong } from "./transfer-channel-wrong.ts";
import { transferCodeUnknown } from "./transfer-code-unknown.ts";
import { transferDuplicated } from "./transfer-duplicated.ts";
import { transferLate } from "./transfer-late.ts";
import { transferLengthWrong } from "./transfer-length-wrong.ts";
import { transferLost } from "./transfer-lost.ts";
import { transfersSwapped } from "./transfers-swapped.ts";

/** In the order of a boot: states, EEs, crashes, interrupts, commands, transfers, firmware. */
export const FAULTS: readonly FaultDefinition[] = [
  readyNever,
  resetStuck,
  m0NotAcked,
  m0Duplicated,
  m0Late,
  m3NotAcked,
  eeEventMissing,
  eeEventEarly,
  eeGarbage,
  doorbellsOutOfRange,
  sysErr,
  rddm,
  crashWithDump,
  subsystemCrash,
  deviceGone,
  interruptLost,
  interruptSpurious,
  readPointerAstray,
  commandCompletionLost,
  commandCompletionAstray,
  commandRefused,
  transferLost,
  transferLate,
  transferDuplicated,
  transfersSwapped,
  transferAstray,
  transferChannelWrong,
  transferCodeUnknown,
  transferLengthWrong,
  doorbellModeMissing,
  completionPastWp,
  firmwareRefused,
  firmwareNeverAcked,
  firmwareSlow,
  serviceSilent,
];

export const faultNames = (): string => FAULTS.map(({ name }) => name).join(", ");

/** @throws UsageError `unknown-fault` with the names that there are. */
export function faultByName(name: string): FaultDefinition {
  const fault = FAULTS.find((entry) => entry.name === name);
  if (!fault) {
    throw new UsageError("unknown-fault", `no fault "${name}"; there are: ${faultNames()}`);
  }
  return fault;
}

/**
 * `NAME[:key=val,...]` of the command line. The values stay text; arming checks them.
 *
 * @throws UsageError `bad-fault-text`.
 */
export function parseFaultText(text: string): { name: string; options: Record<string, string> } {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const options: Record<string, string> = {};
  for (const pair of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const equals = pair.indexOf("=");
    if (equals < 1) {
      throw new UsageError("bad-fault-text", `fault "${text}": found "${pair}", expected NAME[:key=value,...]`);
    }
    options[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  faultByName(name);
  return { name, options };
}
