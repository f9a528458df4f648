import { expect, test } from "vitest";
import { judge } from "../../harness/judge/verdict.ts";
import { t99w175 } from "../../harness/mhi/families/foxconn.ts";
import { evidenceOf, k20 } from "./support.ts";

/** A healthy recording in which the driver complained once, as its source words it. */
function complaints(text: string): string[] {
  const { events, fromNs, kernel } = k20();
  const dmesg = [{ tNs: fromNs + 1e9, level: 3, text }];
  const { findings } = judge(evidenceOf(events, { kernel, dmesg, fromNs }), { family: t99w175 });
  return findings.filter(({ rule }) => rule === "driver-complaint").map(({ title, outcome }) => `${outcome}: ${title}`);
}

test.each([
  ["mhi mhi0: Event ring rp points outside of the event ring", "read pointer that is no element of its event ring"],
  ["mhi mhi0: Event element points outside of the tre ring", "outside the channel's ring"],
  ["mhi mhi0: Event element points to an unexpected TRE", "another buffer than the one whose turn it was"],
  ["mhi mhi0: Event element points outside of the cmd ring", "outside the command ring"],
  ["mhi mhi0: Completion packet for invalid channel ID: 200", "a channel that does not exist"],
  ["mhi mhi0: Unknown event 0x30", "a code that is none"],
  ["mhi mhi0: Unhandled event type: 7", "an event of a type that is none"],
  ["mhi mhi0: Unhandled EE event: 0x2a", "an execution environment that is none"],
  ["mhi mhi0: Invalid state: M2", "a state that is none"],
  ["mhi mhi0: CHDB offset: 0x7fff0000 is out of range: 0x1000", "outside its BAR"],
])("%s", (text, words) => {
  expect(complaints(text)).toEqual([expect.stringMatching(`^fail: device .*${words}`)]);
});

test.each([
  ["another controller's", "mhi mhi1: Event ring rp points outside of the event ring"],
  ["what says nothing of the device", "mhi mhi0: Power on setup success"],
])("%s is no complaint", (_name, text) => {
  expect(complaints(text)).toEqual([]);
});
