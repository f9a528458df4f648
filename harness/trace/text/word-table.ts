/** The driver's words for an enum as bytes, longest first: `M3_FAST` must be tried before `M3`. */

import {
  CHANNEL_COMMAND_BY_TEXT,
  EXEC_ENV_BY_TEXT,
  MHI_STATE_BY_TEXT,
  PM_STATE_BY_TEXT,
  WORKER_ITEM_BY_TEXT,
} from "../mhi-names.ts";
import { ascii, type Literal } from "./literal.ts";

interface Word {
  readonly text: Literal;
  readonly value: number;
}

export interface WordTable {
  readonly byFirstByte: readonly (readonly Word[] | undefined)[];
}

function wordTable(numbers: ReadonlyMap<string, number>): WordTable {
  const byFirstByte: (Word[] | undefined)[] = new Array(256).fill(undefined);
  const words = [...numbers].sort(([one], [other]) => other.length - one.length);
  for (const [text, value] of words) {
    const first = text.charCodeAt(0);
    byFirstByte[first] = [...(byFirstByte[first] ?? []), { text: ascii(text), value }];
  }
  return { byFirstByte };
}

export const PM_WORDS = wordTable(PM_STATE_BY_TEXT);
export const WORKER_WORDS = wordTable(WORKER_ITEM_BY_TEXT);
export const EXEC_ENV_WORDS = wordTable(EXEC_ENV_BY_TEXT);
export const MHI_STATE_WORDS = wordTable(MHI_STATE_BY_TEXT);
export const COMMAND_WORDS = wordTable(CHANNEL_COMMAND_BY_TEXT);
