import { UsageError } from "../../base/errors.ts";
import { commandCompletionLost } from "./command-completion-lost.ts";
import { deviceGone } from "./device-gone.ts";
import type { FaultDefinition } from "./fault.ts";
import { firmwareNeverAcked, firmwareRefused, firmwareSlow } from "./firmware.ts";
import { m3NotAcked } from "./m3-not-acked.ts";
import { readyNever } from "./ready-never.ts";
import { sysErr } from "./sys-err.ts";

export const FAULTS: readonly FaultDefinition[] = [
  m3NotAcked,
  sysErr,
  deviceGone,
  readyNever,
  commandCompletionLost,
  firmwareRefused,
  firmwareNeverAcked,
  firmwareSlow,
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
