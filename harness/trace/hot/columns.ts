/** Where the memory of every loop holds its batch: columns.as.ts has the same numbers. */
import { columnBytes } from "../batch.ts";

export const HOT_ROWS = 8192;
/** Before it: 64 bytes of state. */
export const BATCH_AT = 64;
export const BEHIND_BATCH = BATCH_AT + ((columnBytes(HOT_ROWS) + 63) & ~63);
