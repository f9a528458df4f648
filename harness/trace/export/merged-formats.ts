/**
 * The format texts that an exported trace.dat tells its records by: those of the eight mhi_host events as Debian's
 * 6.12.117 shows them in tracefs (7.2.12: the same but for the ids), and of trace_marker's `print`. Layouts are the
 * kernel's ABI to its readers; source of the fields: drivers/bus/mhi/host/trace.h, kernel/trace/trace_entries.h.
 *
 * `print fmt` of mhi_host holds a raw line feed, because the driver's strings end in one.
 */
import { EXEC_ENV_BY_TEXT, MHI_STATE_BY_TEXT, PM_STATE_BY_TEXT, WORKER_ITEM_BY_TEXT } from "../mhi-names.ts";

export interface FieldText {
  /** `int ch_num` */
  readonly declaration: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

/** Ids of the records in an exported file. */
export const RecordId = {
  PRINT: 5,
  WORKER: 1496,
  CHAN_END: 1497,
  CHAN_START: 1498,
  CTRL: 1499,
  DATA: 1500,
  PM: 1501,
  INTVEC: 1502,
  TRE: 1503,
  /** First of the events that are kept whole. */
  OTHER: 2000,
} as const;

export const HEADER_PAGE =
  "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n" +
  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" +
  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n" +
  "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";

export const HEADER_EVENT =
  "# compressed entry header\n" +
  "\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n" +
  "\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";

const field = ({ declaration, offset, size, signed }: FieldText): string =>
  `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};\n`;

const COMMON: readonly FieldText[] = [
  { declaration: "unsigned short common_type", offset: 0, size: 2, signed: false },
  { declaration: "unsigned char common_flags", offset: 2, size: 1, signed: false },
  { declaration: "unsigned char common_preempt_count", offset: 3, size: 1, signed: false },
  { declaration: "int common_pid", offset: 4, size: 4, signed: true },
];
/** Bytes of the common fields: where an event's own begin. */
export const COMMON_BYTES = 8;

export const formatText = (name: string, id: number, fields: readonly FieldText[], print: string): string =>
  `name: ${name}\nID: ${id}\nformat:\n${COMMON.map(field).join("")}\n${fields.map(field).join("")}\nprint fmt: ${print}\n`;

const symbolic = (value: string, texts: ReadonlyMap<string, number>): string => {
  const entries = [...texts].filter(([text]) => text !== "M3 FAST").map(([text, number]) => `{ ${number}, "${text}" }`);
  return `__print_symbolic(${value}, ${entries.join(", ")})`;
};

const s32 = (name: string, offset: number): FieldText => ({
  declaration: `int ${name}`,
  offset,
  size: 4,
  signed: true,
});
const u32 = (name: string, offset: number): FieldText => ({
  declaration: `uint32_t ${name}`,
  offset,
  size: 4,
  signed: false,
});
const u64 = (name: string, offset: number): FieldText => ({
  declaration: `uint64_t ${name}`,
  offset,
  size: 8,
  signed: false,
});
const pointer = (declaration: string, offset: number): FieldText => ({ declaration, offset, size: 8, signed: false });
const NAME: FieldText = { declaration: "__data_loc char[] name", offset: 8, size: 4, signed: false };

const COMMANDS = new Map([
  ["RESET", 0],
  ["STOP", 1],
  ["START", 2],
]);
const channelFields = [NAME, s32("ch_num", 12), s32("state", 16), pointer("const char * reason", 24)];
const channelPrint = `"%s: chan%d: %s state to: %s\n", __get_str(name), REC->ch_num, REC->reason, ${symbolic("REC->state", COMMANDS)}`;
const ringFields = [
  NAME,
  u32("dword0", 12),
  u32("dword1", 16),
  s32("state", 20),
  u64("ptr", 24),
  pointer("void * rp", 32),
];
const ringPrint =
  '"%s: TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x State: %s\n", __get_str(name), ' +
  `REC->rp, REC->ptr, REC->dword0, REC->dword1, ${symbolic("REC->state", MHI_STATE_BY_TEXT)}`;
const treFields = [
  NAME,
  s32("ch_num", 12),
  pointer("void * wp", 16),
  u64("tre_ptr", 24),
  u32("dword0", 32),
  u32("dword1", 36),
];
const trePrint =
  '"%s: Chan: %d TRE: 0x%p TRE buf: 0x%llx DWORD0: 0x%08x DWORD1: 0x%08x\n", __get_str(name), ' +
  "REC->ch_num, REC->wp, REC->tre_ptr, REC->dword0, REC->dword1";
const intvecPrint =
  '"%s: Local EE: %s State: %s Device EE: %s Dev State: %s\n", __get_str(name), ' +
  `${symbolic("REC->local_ee", EXEC_ENV_BY_TEXT)}, ${symbolic("REC->state", MHI_STATE_BY_TEXT)}, ` +
  `${symbolic("REC->dev_ee", EXEC_ENV_BY_TEXT)}, ${symbolic("REC->dev_state", MHI_STATE_BY_TEXT)}`;

/** Of the system mhi_host. */
export const MHI_FORMATS: readonly string[] = [
  formatText("mhi_channel_command_end", RecordId.CHAN_END, channelFields, channelPrint),
  formatText("mhi_channel_command_start", RecordId.CHAN_START, channelFields, channelPrint),
  formatText("mhi_ctrl_event", RecordId.CTRL, ringFields, ringPrint),
  formatText("mhi_data_event", RecordId.DATA, ringFields, ringPrint),
  formatText("mhi_gen_tre", RecordId.TRE, treFields, trePrint),
  formatText(
    "mhi_intvec_states",
    RecordId.INTVEC,
    [NAME, s32("local_ee", 12), s32("state", 16), s32("dev_ee", 20), s32("dev_state", 24)],
    intvecPrint,
  ),
  formatText(
    "mhi_pm_st_transition",
    RecordId.WORKER,
    [NAME, s32("state", 12)],
    `"%s: Handling state transition: %s\n", __get_str(name), ${symbolic("REC->state", WORKER_ITEM_BY_TEXT)}`,
  ),
  formatText(
    "mhi_tryset_pm_state",
    RecordId.PM,
    [NAME, s32("pm_state", 12)],
    `"%s: PM state: %s\n", __get_str(name), ${symbolic("REC->pm_state", PM_STATE_BY_TEXT)}`,
  ),
];

/** Of the system ftrace: what a write to trace_marker leaves. */
export const PRINT_FORMAT = formatText(
  "print",
  RecordId.PRINT,
  [
    { declaration: "unsigned long ip", offset: 8, size: 8, signed: false },
    { declaration: "char buf[]", offset: 16, size: 0, signed: false },
  ],
  '"%ps: %s", (void *)REC->ip, REC->buf',
);

/** Addresses that stand for the driver's constant strings and for the marker's writer: of this file, of no kernel. */
export const UPDATING_ADDRESS = 0xffffffff_c0000010n;
export const UPDATED_ADDRESS = 0xffffffff_c0000020n;
export const MARKER_ADDRESS = 0xffffffff_81000000n;
export const PRINTK_FORMATS = `0x${UPDATING_ADDRESS.toString(16)} : "Updating"\n0x${UPDATED_ADDRESS.toString(16)} : "Updated"\n`;
export const KALLSYMS = `${MARKER_ADDRESS.toString(16)} T tracing_mark_write\n`;
