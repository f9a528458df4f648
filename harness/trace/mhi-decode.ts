/**
 * Formats -> readers of records. The fields are found by name and the enums by their printed words, so kernels with
 * other offsets or other PM numbers are read rightly; a format that lacks what we read, or prints it in a wording that
 * we do not know, is refused.
 */
import { RigFault } from "../base/errors.ts";
import { elementLength } from "../mhi/ring-element.ts";
import type { EventFormat, FormatField } from "./format.ts";
import type { TraceEvent } from "./mhi-events.ts";
import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  type MhiRecordKind,
  mhiRecordKind,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "./mhi-names.ts";
import { hex64, intAt, locatedText, otherEvent, type RecordBytes, textAt } from "./record.ts";
import { type EventHead, ringEvent } from "./text-body.ts";

/** Undefined: the record holds a value that this version cannot name, or is shorter than its format says. */
export type RecordReader = (record: RecordBytes, head: EventHead) => TraceEvent | undefined;

/** Wordings of both generations, without the line feed. Any other means that somebody changed what is recorded. */
const WORDINGS: Readonly<Record<MhiRecordKind, readonly string[]>> = {
  pm: ["%s: PM state: %s"],
  worker: ["%s: Handling state transition: %s"],
  intvec: [
    "%s: Local EE: %s State: %s Device EE: %s Dev State: %s",
    "%s: local ee: %s state: %s device ee: %s state: %s",
  ],
  ctrl: [
    "%s: TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x State: %s",
    "%s: RP:0x%llx Processing Event:0x%llx 0x%08x 0x%08x state:%s",
  ],
  data: [
    "%s: TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x State: %s",
    "%s: Processing Event:0x%llx 0x%08x 0x%08x",
  ],
  tre: [
    "%s: Chan: %d TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x",
    "%s: Chan: %d WP: 0x%llx TRE: 0x%llx 0x%08x 0x%08x",
  ],
  "chan-start": ["%s: chan%d: %s state to: %s", "%s: ch%d: Updating state to: %s"],
  "chan-end": ["%s: chan%d: %s state to: %s", "%s: ch%d: Updated state to: %s"],
};

/** Dynamic probes with the same field names print so; their values are this project's own numbers. */
const isProbe = (format: EventFormat): boolean => format.print.startsWith("(%lx");

const refuse = (format: EventFormat, what: string): never => {
  throw new RigFault(
    "trace-format-changed",
    `format of ${format.system}/${format.name} (fingerprint ${format.fingerprint}): ${what}; records of it would be misread, so it is refused`,
  );
};

function field(format: EventFormat, name: string, size: number): FormatField {
  const found = format.fields.get(name);
  if (!found) return refuse(format, `no field "${name}"`);
  if (found.size !== size) return refuse(format, `field "${name}" has ${found.size} bytes, expected ${size}`);
  return found;
}

type EnumReader = (record: RecordBytes) => number | undefined;

/**
 * @param strict - a number outside the kernel's own table is no value (a PM state); else it is kept as it is (an
 *   all-ones register).
 */
function enumReader(
  format: EventFormat,
  name: string,
  words: ReadonlyMap<string, number>,
  strict: boolean,
): EnumReader {
  const source = field(format, name, 4);
  const symbols = format.symbols.get(name);
  if (!symbols) {
    if (isProbe(format)) return (record) => intAt(record, source);
    return refuse(format, `no table of words for field "${name}"`);
  }
  return (record) => {
    const raw = intAt(record, source);
    const word = symbols.get(raw);
    return word === undefined ? (strict ? undefined : raw) : words.get(word);
  };
}

type MhiReader = (record: RecordBytes, head: EventHead, controller: string) => TraceEvent | undefined;

function ringReader(format: EventFormat, which: "ctrl" | "data"): MhiReader {
  const ptr = field(format, "ptr", 8);
  const dword0 = field(format, "dword0", 4);
  const dword1 = field(format, "dword1", 4);
  return (record, head, controller) =>
    ringEvent(head, controller, which, {
      ptr: hex64(record, ptr.offset),
      dword0: intAt(record, dword0) >>> 0,
      dword1: intAt(record, dword1) >>> 0,
    });
}

function channelReader(format: EventFormat, phase: "start" | "end"): MhiReader {
  const channel = field(format, "ch_num", 4);
  const state = enumReader(format, "state", CHANNEL_COMMAND_BY_TEXT, true);
  return (record, head, controller) => {
    const command = state(record);
    if (command === undefined) return undefined;
    return { kind: "chan", ...head, controller, phase, channel: intAt(record, channel), command };
  };
}

function treReader(format: EventFormat): MhiReader {
  const channel = field(format, "ch_num", 4);
  const pointer = field(format, "tre_ptr", 8);
  const first = field(format, "dword0", 4);
  const second = field(format, "dword1", 4);
  return (record, head, controller) => {
    const dword0 = intAt(record, first) >>> 0;
    const dword1 = intAt(record, second) >>> 0;
    const ptr = hex64(record, pointer.offset);
    return {
      kind: "tre",
      ...head,
      controller,
      channel: intAt(record, channel),
      length: elementLength(dword0),
      ptr,
      dword0,
      dword1,
    };
  };
}

function intvecReader(format: EventFormat): MhiReader {
  const readers = [
    enumReader(format, "local_ee", EXEC_ENV_BY_TEXT, false),
    enumReader(format, "state", MHI_STATE_BY_TEXT, false),
    enumReader(format, "dev_ee", EXEC_ENV_BY_TEXT, false),
    enumReader(format, "dev_state", MHI_STATE_BY_TEXT, false),
  ];
  return (record, head, controller) => {
    const [localEe, localState, deviceEe, deviceState] = readers.map((read) => read(record));
    if (localEe === undefined || localState === undefined) return undefined;
    if (deviceEe === undefined || deviceState === undefined) return undefined;
    return { kind: "intvec", ...head, controller, localEe, localState, deviceEe, deviceState };
  };
}

function pmReader(format: EventFormat): MhiReader {
  const state = enumReader(format, "pm_state", PM_STATE_BY_TEXT, true);
  return (record, head, controller) => {
    const pmState = state(record);
    return pmState === undefined ? undefined : { kind: "pm", ...head, controller, pmState };
  };
}

function workerReader(format: EventFormat): MhiReader {
  const state = enumReader(format, "state", WORKER_ITEM_BY_TEXT, true);
  return (record, head, controller) => {
    const item = state(record);
    return item === undefined ? undefined : { kind: "worker", ...head, controller, item };
  };
}

const READERS: Readonly<Record<MhiRecordKind, (format: EventFormat) => MhiReader>> = {
  pm: pmReader,
  worker: workerReader,
  intvec: intvecReader,
  ctrl: (format) => ringReader(format, "ctrl"),
  data: (format) => ringReader(format, "data"),
  tre: treReader,
  "chan-start": (format) => channelReader(format, "start"),
  "chan-end": (format) => channelReader(format, "end"),
};

function mhiReader(kind: MhiRecordKind, format: EventFormat): RecordReader {
  const wording = format.print.trimEnd();
  if (!isProbe(format) && !WORDINGS[kind].includes(wording))
    return refuse(format, `it prints "${wording}", which no known kernel does`);
  const name = field(format, "name", 4);
  if (!/^__(?:data|rel)_loc char\[\]/.test(name.type)) return refuse(format, `field "name" is of type "${name.type}"`);
  const read = READERS[kind](format);
  const shortest = Math.max(...[...format.fields.values()].map(({ offset, size }) => offset + size));
  return (record, head) => {
    if (record.length < shortest) return undefined;
    const controller = locatedText(record, name);
    return controller === undefined ? undefined : read(record, head, controller);
  };
}

/** trace_marker: text to the record's end, with the line feed that the kernel adds. */
function markerReader(format: EventFormat): RecordReader {
  const text = field(format, "buf", 0);
  return (record, head) => {
    const written = textAt(record, text.offset, record.length - text.offset);
    return written === undefined ? undefined : { kind: "marker", ...head, text: written.replace(/\n$/, "") };
  };
}

/** @throws RigFault `trace-format-changed` when the event is ours and its format is not one that we can read. */
export function recordReader(format: EventFormat, strings: ReadonlyMap<string, string>): RecordReader {
  if (format.system === "ftrace" && format.name === "print") return markerReader(format);
  const kind = format.system === "mhi_host" ? mhiRecordKind(format.name) : undefined;
  return kind ? mhiReader(kind, format) : (record, head) => otherEvent(record, format, head, strings);
}
