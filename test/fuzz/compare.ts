/**
 * What the reading of a spoilt recording must have in common with that of the whole one: what is cut off leaves a
 * beginning of each CPU's events, what is spoilt inside one page leaves the other pages' events as they were.
 */
import type { FuzzInput, PlaceOfPage } from "./inputs.ts";
import type { Damage, Step } from "./mutations.ts";
import type { Reading } from "./reading.ts";

const PAGE_BYTES = 4096;

/** Bytes that a step changes where they stand; undefined: what follows moves. */
function changedBy(step: Step, size: number): readonly [from: number, to: number] | undefined {
  const range = (at: number, bytes: number): readonly [number, number] => [at % size, (at % size) + bytes];
  switch (step[0]) {
    case "flip":
    case "byte":
      return range(step[1], 1);
    case "word":
    case "zeros":
    case "noise":
      return range(step[1], step[2]);
    case "copy":
      return range(step[3], step[2]);
    default:
      return undefined;
  }
}

/** The page that holds all of the damage. */
export function spoiltPage(input: FuzzInput, { file, steps }: Damage): PlaceOfPage | undefined {
  const size = input.files.get(file)?.length ?? 0;
  if (size === 0) return undefined;
  const ranges = steps.map((step) => changedBy(step, size));
  return input.pages.find(
    (page) =>
      page.file === file &&
      ranges.every((range) => range && range[0] >= page.at && range[1] <= Math.min(size, page.at + PAGE_BYTES)),
  );
}

/** Only cut, once, and in a form that says how much there should be. */
export function onlyCut({ pages }: FuzzInput, { file, steps }: Damage): number | undefined {
  const [step] = steps;
  const binary = pages.some((page) => page.file === file);
  return binary && steps.length === 1 && step?.[0] === "truncate" ? step[1] : undefined;
}

/** Events of each CPU of each buffer, in their order. */
function lanesOf({ events }: Reading, withTimes: boolean): ReadonlyMap<string, readonly string[]> {
  const lanes = new Map<string, string[]>();
  for (const event of events) {
    const { cpu, buffer = "" } = JSON.parse(event) as { cpu: number; buffer?: string };
    const lane = `${buffer} cpu${cpu}`;
    const own = lanes.get(lane) ?? [];
    own.push(withTimes ? event : event.replace(/"tNs":[^,]*,/, ""));
    lanes.set(lane, own);
  }
  return lanes;
}

/** @param bytes - that are left. */
export function afterCut(input: FuzzInput, bytes: number, whole: Reading, cut: Reading): string[] {
  const wrong: string[] = [];
  const all = lanesOf(whole, true);
  for (const [lane, events] of lanesOf(cut, true)) {
    const strange = events.findIndex((event, i) => event !== all.get(lane)?.[i]);
    if (strange >= 0) wrong.push(`cut: event ${strange} of ${lane} is not that of the whole recording`);
  }
  // Pages in a file of their own that ends with one of them look whole.
  const looksWhole = input.folder && bytes % PAGE_BYTES === 0;
  const told = cut.error !== undefined || cut.gaps.some((gap) => gap.includes('"reason":"cut"'));
  if (!looksWhole && !told && cut.events.length < whole.events.length)
    wrong.push(`cut: ${whole.events.length - cut.events.length} events are missing, and nothing tells of it`);
  return wrong;
}

/**
 * The first page's time stamp places the axis: a wild one leaves the other times rounded to what a double holds so far
 * from it. Then the events are looked at without their times.
 */
export function movesAxis(input: FuzzInput, { file, steps }: Damage, { at, first }: PlaceOfPage): boolean {
  const size = input.files.get(file)?.length ?? 0;
  return first && steps.some((step) => (changedBy(step, size)?.[0] ?? 0) < at + 8);
}

/** @param without - the recording whose spoilt page is empty: the events of all others. */
export function afterPage(without: Reading, spoilt: Reading, axisMoved: boolean): string[] {
  if (spoilt.error) return [`one page is spoilt, and nothing is read: ${spoilt.error.message.slice(0, 200)}`];
  const withTimes = !axisMoved;
  const lanes = lanesOf(spoilt, withTimes);
  const wrong: string[] = [];
  for (const [lane, events] of lanesOf(without, withTimes)) {
    const found = lanes.get(lane) ?? [];
    let at = -1;
    const missing = events.findIndex((event) => {
      at = found.indexOf(event, at + 1);
      return at < 0;
    });
    if (missing >= 0) wrong.push(`one page is spoilt, and event ${missing} of another page of ${lane} is missing`);
  }
  return wrong;
}
