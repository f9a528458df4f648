/** The parts that versions 6 and 7 share: page header, format files, and texts with their sizes before them. */
import type { FormatText } from "../ring/format-set.ts";
import { type PageLayout, parseHeaderPage } from "../ring/layout.ts";
import type { ByteWalk } from "./file-view.ts";

export function readHeaderInfo(walk: ByteWalk): PageLayout {
  named(walk, "header_page");
  const page = sized(walk, "header_page");
  named(walk, "header_event");
  sized(walk, "header_event");
  return parseHeaderPage(page);
}

function named(walk: ByteWalk, name: string): void {
  const found = walk.text(`"${name}"`);
  if (found !== name) walk.fail("start of a part", `"${name}"`, `"${found.slice(0, 40)}"`);
}

/** Text behind its 64-bit size. */
export function sized(walk: ByteWalk, what: string): string {
  return walk.bytes(walk.size(`size of ${what}`), what).toString("utf8");
}

/** Text behind its 32-bit size. */
export function sizedShort(walk: ByteWalk, what: string): string {
  return walk.bytes(walk.u32(`size of ${what}`), what).toString("utf8");
}

export function readFormats(walk: ByteWalk, system: string): FormatText[] {
  const count = walk.u32(`number of formats of ${system}`);
  const formats: FormatText[] = [];
  for (let i = 0; i < count; i++)
    formats.push({ system, text: sized(walk, `format ${i + 1} of ${count} of ${system}`) });
  return formats;
}

export function readSystems(walk: ByteWalk): FormatText[] {
  const count = walk.u32("number of event systems");
  const formats: FormatText[] = [];
  for (let i = 0; i < count; i++) formats.push(...readFormats(walk, walk.text("name of an event system")));
  return formats;
}
