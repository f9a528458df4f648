/**
 * Names that a reader of a run record needs for the numbers in it. The report knows the record and nothing of
 * harness/mhi, so that the words come from here, by the run's device family.
 */
import { channelCommandName } from "../mhi/channel.ts";
import { execEnvName } from "../mhi/exec-env.ts";
import { familyById, familyIds } from "../mhi/families/index.ts";
import { MhiState, mhiStateName } from "../mhi/mhi-state.ts";
import { PM_STATE_TEXT, pmStateName } from "../mhi/pm-state.ts";
import { CompletionCode, completionCodeName, ElementType, elementTypeName } from "../mhi/ring-element.ts";
import { WORKER_ITEM_TEXT } from "../mhi/worker-item.ts";

/** Names by number. What is not in a table is for the reader to show in hex. */
export type NumberNames = Readonly<Record<number, string>>;

export interface RecordNames {
  /** PM state: `M3_ENTER`. */
  readonly pm: NumberNames;
  /** PM state in the driver's own words, as dmesg has it: `M?->M3`. */
  readonly pmText: NumberNames;
  readonly mhiState: NumberNames;
  readonly execEnv: NumberNames;
  readonly worker: NumberNames;
  readonly command: NumberNames;
  readonly elementType: NumberNames;
  readonly completion: NumberNames;
  /** Channel: `IPCR`. Empty for a family that this version does not know. */
  readonly channel: NumberNames;
}

const EXEC_ENVS = 11; // enum mhi_ee_type has eleven values, include/linux/mhi.h
const COMMANDS = 3;

const table = (numbers: readonly number[], name: (value: number) => string): NumberNames =>
  Object.fromEntries(numbers.map((value) => [value, name(value)]));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Names for a run of this family. An unknown family is no error: an old report must open in any version. */
export function recordNames(familyId: string): RecordNames {
  const channels = familyIds().includes(familyId) ? familyById(familyId).channels : [];
  return {
    pm: table(upTo(PM_STATE_TEXT.length), pmStateName),
    pmText: table(upTo(PM_STATE_TEXT.length), (state) => PM_STATE_TEXT[state] ?? ""),
    mhiState: table(
      Object.values(MhiState).filter((state) => state !== MhiState.MAX),
      mhiStateName,
    ),
    execEnv: table(upTo(EXEC_ENVS), execEnvName),
    worker: table(upTo(WORKER_ITEM_TEXT.length), (item) => WORKER_ITEM_TEXT[item] ?? ""),
    command: table(upTo(COMMANDS), channelCommandName),
    elementType: table(Object.values(ElementType), elementTypeName),
    completion: table(Object.values(CompletionCode), completionCodeName),
    channel: Object.fromEntries(channels.map((entry) => [entry.channel, entry.name])),
  };
}
