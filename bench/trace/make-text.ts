/**
 * The kernel's own text of both recordings (`trace`), again and again: only the times are moved on. Lines, empty lines and
 * flags are the kernel's.
 */
import { closeSync, openSync } from "node:fs";
import { type MadeInput, writeAll } from "./make-input.ts";
import { kernelTexts } from "./real-records.ts";

const BLOCK_CHARS = 1 << 20;
const LINE = /^(.{16}-\d+ +\[\d+\] [^ ]+ +)(\d+)\.(\d{6})(: .*)$/;
const GAP_US = 1000;

/** A line of an event, or a line that stays as it is. */
type TextLine = { readonly before: string; readonly atUs: number; readonly after: string } | string;

export function makeKernelText(path: string, events: number): MadeInput {
  const [first = "", ...others] = kernelTexts();
  const header = first.split("\n").filter((line) => line.startsWith("#"));
  const cycle: TextLine[] = [];
  let endUs = 0;
  for (const text of [first, ...others]) endUs = addText(cycle, text, endUs);
  const cycleEvents = cycle.filter((line) => typeof line !== "string").length;
  const cycles = Math.max(1, Math.round(events / cycleEvents));
  const file = openSync(path, "w");
  try {
    let bytes = 0;
    let block = `${header.join("\n")}\n`;
    for (let round = 0; round < cycles; round++) {
      for (const line of cycle) block += typeof line === "string" ? `${line}\n` : eventLine(line, round * endUs);
      if (block.length < BLOCK_CHARS && round < cycles - 1) continue;
      const encoded = Buffer.from(block);
      writeAll(file, encoded, bytes);
      bytes += encoded.length;
      block = "";
    }
    return { path, events: cycles * cycleEvents, bytes };
  } finally {
    closeSync(file);
  }
}

/** @returns where the next text may begin, µs. */
function addText(cycle: TextLine[], text: string, fromUs: number): number {
  let firstUs: number | undefined;
  let lastUs = fromUs;
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  for (const line of lines.slice(0, -1)) {
    const [, before, seconds, micros, after] = LINE.exec(line) ?? [];
    if (before === undefined || after === undefined) {
      cycle.push(line);
      continue;
    }
    const atUs = Number(seconds) * 1e6 + Number(micros);
    firstUs ??= atUs;
    lastUs = fromUs + atUs - firstUs;
    cycle.push({ before, atUs: lastUs, after });
  }
  return lastUs + GAP_US;
}

function eventLine(line: Exclude<TextLine, string>, shiftUs: number): string {
  const us = line.atUs + shiftUs;
  const seconds = Math.floor(us / 1e6);
  return `${line.before}${seconds}.${String(us - seconds * 1e6).padStart(6, "0")}${line.after}\n`;
}
