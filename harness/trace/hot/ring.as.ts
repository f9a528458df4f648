/**
 * The hot loops of ring-buffer pages, in AssemblyScript: records -> index, two indexes -> rows, indexed records -> columns.
 * What stands where in memory is told in hot-memory.ts. Whatever is rare is left to TypeScript: a loop stops in front of it.
 */
import {
  A,
  B,
  BEHIND_BATCH,
  C,
  CONTROLLER,
  D,
  FLAGS,
  KIND,
  LANE,
  PID,
  PTR_HIGH,
  PTR_LOW,
  SLOT_HIGH,
  SLOT_LOW,
  T_NS,
} from "./columns.as";

// A lane: its index, then its block of pages.
const ATS: usize = 8192;
const LENGTHS: usize = 12288;
const ROWS: usize = 16384;
const BLOCK: usize = 20480;
const INDEX_ROWS: i32 = 1024;

// Plans: kinds by record id, one plan a kind, names, maps.
const KINDS: usize = BEHIND_BATCH;
const PLANS: usize = KINDS + 65536;
const PLAN_BYTES: usize = 64;
const NAMES: usize = PLANS + 16 * PLAN_BYTES;
const NAME_BYTES: usize = 16;
const MAPS: usize = NAMES + 8 * NAME_BYTES;
const MAP_BYTES: usize = 1032;
const RAWS: u32 = 257;
const NO_VALUE: i32 = i32.MIN_VALUE;

const LAST_ELEMENT: u32 = 6;
const FIRST_ELEMENT: u32 = 4;
const INTVEC: u32 = 3;

// What a loop is given and gives back beside its result, at the beginning of memory.
const CLOCK: usize = 0;
const AT: usize = 8;
const NEXT_ONE: usize = 12;
const NEXT_OTHER: usize = 16;
const NAME_COUNT: usize = 20;
const END: usize = 24;
const PAGE: usize = 28;
const PAGE_CLOCK: usize = 32;

// Of a page's head.
const COMMIT: usize = 8;
const MISSED: u32 = 0x80000000;
const COMMIT_BYTES: u32 = 0x3fffffff;
/** A clock beyond is rubbish, and near the end of what 64 bits count. */
const FAR: f64 = 1152921504606846976;

/**
 * Indexes records from word AT, time CLOCK on to the end of the page, word END, and on over the next pages of the block that
 * tell of no loss, whose time does not step back. Stops in front of a rare form and of a record that runs over its page.
 *
 * @param loaded - bytes of the block that are pages of `pageBytes`, whose data begin at `dataOffset`.
 * @returns how many records the index holds; PAGE and PAGE_CLOCK are those of the page where it stopped.
 */
export function index(lane: usize, count: i32, loaded: u32, pageBytes: u32, dataOffset: u32): i32 {
  // rubbish: doubles go on where 64 bits would run over
  if (abs(load<f64>(CLOCK)) > FAR || abs(load<f64>(PAGE_CLOCK)) > FAR) return count;
  const block = lane + BLOCK;
  const full = lane + ((<usize>INDEX_ROWS) << 2);
  let page = load<u32>(PAGE);
  let pageClock = <i64>load<f64>(PAGE_CLOCK);
  let here = block + ((<usize>load<u32>(AT)) << 2);
  let stop = block + ((<usize>load<u32>(END)) << 2);
  let now = <i64>load<f64>(CLOCK);
  let slot = lane + ((<usize>count) << 2);
  while (slot < full) {
    if (here >= stop) {
      const next = page + pageBytes;
      if (next >= loaded) break;
      const head = block + <usize>next;
      const commit = load<u32>(head, COMMIT);
      const used = commit & COMMIT_BYTES;
      if ((commit & MISSED) != 0 || dataOffset + used > pageBytes || (used & 3) != 0) break;
      const clock = pageClock + <i64>(load<u64>(head) - load<u64>(block + <usize>page));
      if (clock < now || clock > <i64>FAR) break;
      page = next;
      pageClock = clock;
      now = clock;
      here = head + <usize>dataOffset;
      stop = here + <usize>used;
      continue;
    }
    const head = load<u32>(here);
    const type = head & 31;
    if (type - 1 > 27) {
      if (type != 30 || here + 8 > stop || now > <i64>FAR) break;
      now += ((<i64>load<u32>(here, 4)) << 27) + <i64>(head >>> 5);
      here += 8;
      continue;
    }
    const after = here + 4 + ((<usize>type) << 2);
    if (after > stop) break;
    now += <i64>(head >>> 5);
    store<f64>(slot + slot - lane, <f64>now);
    store<u32>(slot, (here + 4 - block) >> 2, ATS);
    store<u32>(slot, type << 2, LENGTHS);
    slot += 4;
    here = after;
  }
  store<u32>(AT, <u32>((here - block) >> 2));
  store<u32>(END, <u32>((stop - block) >> 2));
  store<f64>(CLOCK, <f64>now);
  store<u32>(PAGE, page);
  store<f64>(PAGE_CLOCK, <f64>pageClock);
  return <i32>((slot - lane) >> 2);
}

/**
 * Gives rows to what two lanes have before `limit`, from their NEXT_ONE and NEXT_OTHER on, until one of them has no more in
 * its index. Which comes next is as good as random, so nothing jumps for it: the row is given to both, and one of them goes
 * on. @returns the row after them.
 */
export function merge(
  one: usize,
  other: usize,
  oneCount: i32,
  otherCount: i32,
  from: i32,
  capacity: i32,
  limit: f64,
): i32 {
  let i = one + ((<usize>load<u32>(NEXT_ONE)) << 2);
  let j = other + ((<usize>load<u32>(NEXT_OTHER)) << 2);
  const oneEnd = one + ((<usize>oneCount) << 2);
  const otherEnd = other + ((<usize>otherCount) << 2);
  let row = from;
  while (i < oneEnd && j < otherEnd && row < capacity) {
    const a = load<f64>(i + i - one);
    const b = load<f64>(j + j - other);
    if (a >= limit && b >= limit) break;
    const later = (<usize>(b < a)) << 2;
    store<i32>(i, row, ROWS);
    store<i32>(j, row, ROWS);
    row++;
    i += 4 - later;
    j += later;
  }
  store<u32>(NEXT_ONE, <u32>((i - one) >> 2));
  store<u32>(NEXT_OTHER, <u32>((j - other) >> 2));
  return row;
}

function mapped(map: usize, raw: u32): i32 {
  if (raw < RAWS) return load<i32>(map + ((<usize>raw) << 2));
  return load<i32>(map, RAWS << 2) == 1 ? <i32>raw : NO_VALUE;
}

/** Bits of a name's eight bytes: 5 to 8 are its own. */
function nameMask(bytes: u32): u64 {
  return <u64>-1 >>> (64 - ((<u64>bytes) << 3));
}

function nameOf(name: u64, bytes: u32): i32 {
  const end = <usize>load<u32>(NAME_COUNT) * NAME_BYTES;
  for (let known: usize = 0; known < end; known += NAME_BYTES) {
    if (load<u64>(known, NAMES) == name && load<u32>(known, NAMES + 8) == bytes) return load<i32>(known, NAMES + 12);
  }
  return -1;
}

/**
 * Writes the columns of a lane's records `from` to `to`, which have rows. Stops at a record that TypeScript has to read; its
 * kind, lane, time, task and flags are written. @returns its number, or `to`.
 *
 * @param nameAt - word of a record that locates the controller's name.
 */
export function write(lane: usize, from: i32, to: i32, laneId: i32, nameAt: i32): i32 {
  const block = lane + BLOCK;
  const nameOffset = (<usize>nameAt) << 2;
  let lastBytes: u32 = 0;
  let lastName: u64 = 0;
  let lastMask: u64 = 0;
  let lastId: i32 = -1;
  for (let i = from; i < to; i++) {
    const slot = lane + ((<usize>i) << 2);
    const row = <usize>load<u32>(slot, ROWS);
    const record = block + ((<usize>load<u32>(slot, ATS)) << 2);
    const length = load<u32>(slot, LENGTHS);
    const first = load<u32>(record);
    const kind = <u32>load<u8>(<usize>(first & 0xffff), KINDS);
    const where = load<u32>(record + nameOffset);
    const row4 = row << 2;
    const row2 = row << 1;
    store<f64>(row << 3, load<f64>(slot + slot - lane), T_NS);
    store<u32>(row4, load<u32>(record, 4), PID);
    store<u16>(row2, <u16>laneId, LANE);
    store<u16>(row2, <u16>(first >>> 16), FLAGS);
    store<u8>(row, <u8>kind, KIND);
    const plan = <usize>kind * PLAN_BYTES;
    const offset = where & 0xffff;
    const bytes = where >>> 16;
    if (kind == 0 || length < load<u32>(plan, PLANS) || offset + bytes > length) return i;
    const name = load<u64>(record + <usize>offset);
    if (bytes != lastBytes || (name & lastMask) != lastName) {
      if (bytes - 5 > 3 || (offset & 3) != 0) return i;
      lastBytes = bytes;
      lastMask = nameMask(bytes);
      lastName = name & lastMask;
      lastId = nameOf(lastName, bytes);
      if (lastId < 0) return i;
    }
    store<u16>(row2, <u16>lastId, CONTROLLER);
    const a = load<u32>(record + <usize>load<u32>(plan, PLANS + 4));
    const c = load<u32>(record + <usize>load<u32>(plan, PLANS + 12));
    if (kind - FIRST_ELEMENT <= LAST_ELEMENT - FIRST_ELEMENT) {
      const ptr = load<u64>(record + <usize>load<u32>(plan, PLANS + 20));
      const at = load<u64>(record + <usize>load<u32>(plan, PLANS + 24));
      store<u32>(row4, a, A);
      store<u32>(row4, load<u32>(record + <usize>load<u32>(plan, PLANS + 8)), B);
      store<u32>(row4, c, C);
      store<u32>(row4, <u32>ptr, PTR_LOW);
      store<u32>(row4, <u32>(ptr >>> 32), PTR_HIGH);
      store<u32>(row4, <u32>at, SLOT_LOW);
      store<u32>(row4, <u32>(at >>> 32), SLOT_HIGH);
      continue;
    }
    const map = <usize>load<u32>(plan, PLANS + 28);
    const mappedA = mapped(map, a);
    store<i32>(row4, mappedA, A);
    if (mappedA == NO_VALUE) return i;
    if (kind == INTVEC) {
      const mappedB = mapped(map + MAP_BYTES, load<u32>(record + <usize>load<u32>(plan, PLANS + 8)));
      const mappedC = mapped(map + 2 * MAP_BYTES, c);
      const mappedD = mapped(map + 3 * MAP_BYTES, load<u32>(record + <usize>load<u32>(plan, PLANS + 16)));
      store<i32>(row4, mappedB, B);
      store<i32>(row4, mappedC, C);
      store<i32>(row4, mappedD, D);
      if (mappedB == NO_VALUE || mappedC == NO_VALUE || mappedD == NO_VALUE) return i;
    } else store<u32>(row4, c, C);
  }
  return to;
}
