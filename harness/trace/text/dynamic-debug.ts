/**
 * Messages of the mhi driver -> events, for kernels without the trace events (5.8 to 6.8) and with dynamic debug on
 * (`module mhi +p`). An event is made only of what a message states.
 *
 *   message                                                            event      kernels
 *   Handling state transition: ITEM                                    worker     5.8 to 6.8
 *   local ee: E state: S device ee: E state: S                         intvec     5.13 to 6.8
 *   local ee:E device ee:E dev_state:S                                 intvec     5.8 to 5.12, see below
 *   State change event to state: S                                     ctrl 0x20  5.8 and later
 *   Received EE event: E                                               ctrl 0x40  5.8 and later
 *   N: Updating channel state to: C                                    chan start 5.13 to 6.8
 *   N: Channel state change to C successful                            chan end   5.13 to 6.8
 *   Chan: N successfully moved to start state                          chan end   5.8 to 5.12
 *   Entered with PM state: P, MHI state: S       (resume)              pm         5.8 and later
 *   Entered with pm_state:P dev_state:S ee:E     (RDDM)                pm         5.8 and later
 *   Exiting with PM state: P, MHI state: S                             pm         5.8 and later
 *   Processing disable transition with PM state: P                     pm         5.13 and later
 *   Transitioning from PM state: P to: P                               pm (from)  5.8 and later
 *   Did not enter M3 (M0) state, MHI state: S, PM state: P             pm         5.8 and later
 *   Failed to move to state: P from: P and its like                    pm (from)  5.8 and later
 *
 * - A pm event of this source is the state that the driver was in when it spoke, not a transition: it may repeat.
 * - The elements' pointers are not printed, and the dwords hold no more than type and code.
 * - `local ee:E device ee:E`: up to a fix in 2021 (5.12) the two were printed the wrong way round. Where they differ, nothing
 *   tells which is which, and the line is no event. The host's MHI state is not in it: MAX, "not read".
 * - `Waiting for M3 completion`, `Device in READY State`, `System error detected` only imply a state: no event.
 *
 * Sources: dev_dbg and dev_err lines of drivers/bus/mhi (host/ since 5.18, core/ before) in Linux 6.1; patches of
 * January to March 2021 on the mailing list for the older wordings.
 */
import { ElementType } from "../../mhi/ring-element.ts";
import { Kind } from "../batch.ts";
import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "../mhi-names.ts";

/** Columns of the row that a message becomes. */
export interface MessageEvent {
  readonly kind: Kind;
  readonly controller: string;
  readonly a: number;
  readonly b?: number;
  readonly c?: number;
  readonly d?: number;
}

/**
 * `mhi mhi0: `, `mhi 0000:03:00.0: ` (5.8, 5.9), `mhi_wwan_ctrl mhi0_DUN: ` (a channel's device and its driver);
 * before it what the flags of dynamic debug add: `[74] mhi:mhi_pm_st_worker:794: `.
 */
const DEVICE =
  /^(?:(?:\[\d+\]|<intr>) )?(?:\S+: )?(?<driver>[\w-]+) (?<controller>mhi\d{1,4}|[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d)(?<channel>_[\w-]+)?: (?<text>.*)$/;

/** Words of kernels before 5.13. */
const PM_WORDS = words(PM_STATE_BY_TEXT, {
  POR: "POWER ON RESET",
  "FW DL Error": "Firmware Download Error",
  "SYS_ERR Detect": "SYS ERROR Detect",
  "SYS_ERR Process": "SYS ERROR Process",
  "LD or Error Fatal Detect": "Linkdown or Error Fatal Detect",
});
const EE_WORDS = new Map([
  ...EXEC_ENV_BY_TEXT,
  ...["PBL", "SBL", "AMSS", "RDDM", "WFW", "PASS THRU", "EDL"].map((text, index): [string, number] => [text, index]),
  ["INVALID_EE", 10] as const, // any number outside the driver's table
]);
const STATE_WORDS = new Map([
  ...MHI_STATE_BY_TEXT,
  ["SYS_ERR", 0xff] as const,
  ["INVALID_STATE", 0x100] as const, // any number outside the driver's table; 6.x says `Unknown state`
  ["Unknown state", 0x100] as const,
]);
const WORKER_WORDS = words(WORKER_ITEM_BY_TEXT, {
  MISSION_MODE: "MISSION MODE",
  FLASH_PROGRAMMER: "FLASH PROGRAMMER",
  SYS_ERR: "SYS ERROR",
});
const NOT_READ = 0x100;

function words(numbers: ReadonlyMap<string, number>, older: Record<string, string>): ReadonlyMap<string, number> {
  const all = new Map(numbers);
  for (const [text, today] of Object.entries(older)) all.set(text, numbers.get(today) ?? 0);
  return all;
}

type Parts = Readonly<Record<string, string | undefined>>;
type Reading = readonly [pattern: RegExp, build: (parts: Parts) => Omit<MessageEvent, "controller"> | undefined];

const pm: Reading[1] = ({ pm: text }) => one(Kind.PM, PM_WORDS.get(text ?? ""));
const one = (kind: Kind, a: number | undefined): Omit<MessageEvent, "controller"> | undefined =>
  a === undefined ? undefined : { kind, a };
const element = (type: number, code: number | undefined): Omit<MessageEvent, "controller"> | undefined =>
  code === undefined ? undefined : { kind: Kind.CTRL, a: (code << 24) | 0, b: type << 16 };
const channel = (kind: Kind, number: string | undefined, command: string | undefined) => {
  const a = CHANNEL_COMMAND_BY_TEXT.get(command ?? "");
  return a === undefined ? undefined : { kind, a, c: Number(number) };
};

const READINGS: readonly Reading[] = [
  [/^Handling state transition: (?<item>.+)$/, ({ item }) => one(Kind.WORKER, WORKER_WORDS.get(item ?? ""))],
  [/^local ee: (?<le>.+) state: (?<ls>.+) device ee: (?<de>.+) state: (?<ds>.+)$/, intvec],
  [/^local ee:(?<le>.+) device ee:(?<de>.+) dev_state:(?<ds>.+)$/, oldIntvec],
  [
    /^State change event to state: (?<state>.+)$/,
    ({ state }) => element(ElementType.STATE_CHANGE_EVENT, elementCode(STATE_WORDS.get(state ?? ""))),
  ],
  [
    /^Received EE event: (?<ee>.+)$/,
    ({ ee }) => element(ElementType.EE_EVENT, ee === "INVALID_EE" ? undefined : EE_WORDS.get(ee ?? "")),
  ],
  [/^(?<n>\d+): Updating channel state to: (?<c>.+)$/, ({ n, c }) => channel(Kind.CHAN_START, n, c)],
  [/^(?<n>\d+): Channel state change to (?<c>.+) successful$/, ({ n, c }) => channel(Kind.CHAN_END, n, c)],
  [/^Chan: ?(?<n>\d+) successfully moved to start state$/, ({ n }) => channel(Kind.CHAN_END, n, "START")],
  [/^(?:Entered|Exiting) with PM state: (?<pm>.+), MHI state: .+$/, pm],
  [/^Entered with pm_state:(?<pm>.+) dev_state:.+ ee:.+$/, pm],
  [/^Processing disable transition with PM state: (?<pm>.+)$/, pm],
  [/^(?:Transitioning|Failed to transition|Error moving) from PM state: (?<pm>.+) to: .+$/, pm],
  [/^(?:Failed to move to state|Error setting to PM state): .+ from: (?<pm>.+)$/, pm],
  [/^Error moving to state .+ from (?<pm>.+)$/, pm],
  [/^Did not enter M[03] state, MHI state: .+, PM state: (?<pm>.+)$/, pm],
];

/** An element's code has eight bits: a state outside the table is not known from the word. */
function elementCode(state: number | undefined): number | undefined {
  return state === undefined || state > 0xff ? undefined : state;
}

function intvec({ le, ls, de, ds }: Parts): Omit<MessageEvent, "controller"> | undefined {
  const [a, b] = [EE_WORDS.get(le ?? ""), STATE_WORDS.get(ls ?? "")];
  const [c, d] = [EE_WORDS.get(de ?? ""), STATE_WORDS.get(ds ?? "")];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return { kind: Kind.INTVEC, a, b, c, d };
}

function oldIntvec({ le, de, ds }: Parts): Omit<MessageEvent, "controller"> | undefined {
  const [a, c, d] = [EE_WORDS.get(le ?? ""), EE_WORDS.get(de ?? ""), STATE_WORDS.get(ds ?? "")];
  if (a === undefined || a !== c || d === undefined) return undefined;
  return { kind: Kind.INTVEC, a, b: NOT_READ, c, d };
}

/** What the message states; undefined for a message that states nothing of the above. */
export function messageEvent(message: string): MessageEvent | undefined {
  const device = DEVICE.exec(message)?.groups;
  if (!device || (device.driver !== "mhi" && !device.controller?.startsWith("mhi"))) return undefined;
  const text = (device.text ?? "").trimEnd();
  for (const [pattern, build] of READINGS) {
    const parts = pattern.exec(text)?.groups;
    if (!parts) continue;
    const event = build(parts);
    return event && { ...event, controller: device.controller ?? "" };
  }
  return undefined;
}

/** Driver that spoke: `mhi`, `mhi-pci-generic`; empty when the line has no such beginning. */
export const messageDriver = (message: string): string => /^([\w-]+) \S+: /.exec(message)?.[1] ?? "";
