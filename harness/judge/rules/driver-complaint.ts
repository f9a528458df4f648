/**
 * What the driver itself says the device did wrong. It drops the element and goes on, so the trace alone may look whole:
 * its complaint is the evidence. Source: the dev_err calls of drivers/bus/mhi/host/main.c and init.c.
 */
import { formatSeconds } from "../../base/clock.ts";
import type { LogLine } from "../evidence.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

interface Complaint {
  readonly says: RegExp;
  readonly title: string;
  readonly expected: string;
}

const COMPLAINTS: readonly Complaint[] = [
  {
    says: /Event ring rp points outside of the event ring/,
    title: "device told a read pointer that is no element of its event ring",
    expected: "a read pointer inside the ring, 16-byte aligned",
  },
  {
    says: /Event element points outside of the tre ring/,
    title: "device completed a buffer outside the channel's ring",
    expected: "completions that point to elements of the channel's ring",
  },
  {
    says: /Event element points to an unexpected TRE/,
    title: "device completed another buffer than the one whose turn it was",
    expected: "completions in the order of the ring",
  },
  {
    says: /Event element points outside of the cmd ring/,
    title: "device completed a command outside the command ring",
    expected: "completions that point to elements of the command ring",
  },
  {
    says: /Completion packet for invalid channel ID: \d+/,
    title: "device completed a command for a channel that does not exist",
    expected: "completions of channels that the driver has",
  },
  {
    says: /Unknown event 0x[0-9a-f]+/,
    title: "device completed a buffer with a code that is none",
    expected: "completion codes EOT, EOB, OVERFLOW, OOB or DB_MODE",
  },
  {
    says: /Unhandled event type: \d+/,
    title: "device posted an event of a type that is none",
    expected: "event types of the protocol",
  },
  {
    says: /Unhandled EE event: 0x[0-9a-f]+/,
    title: "device told an execution environment that is none",
    expected: "EE SBL, AMSS, RDDM, WFW or FP",
  },
  {
    says: /Invalid state: /,
    title: "device told a state that is none",
    expected: "states M0, M1, M3 or SYS_ERR",
  },
  {
    says: /(?:CHDB|ERDB|BHI|BHIe) offset: 0x[0-9a-f]+ is out of range/,
    title: "device gave an offset of its registers outside its BAR",
    expected: "offsets inside the BAR",
  },
];

class DriverComplaint implements Rule {
  readonly #context: RuleContext;

  constructor(context: RuleContext) {
    this.#context = context;
  }

  log({ text, tNs }: LogLine): void {
    const { machine, report } = this.#context;
    if (!text.includes(`${machine.controller}: `) && !text.includes(`${machine.controller} `)) return;
    const complaint = COMPLAINTS.find(({ says }) => says.test(text));
    if (!complaint) return;
    report({
      title: complaint.title,
      expected: complaint.expected,
      found: `the driver's log at ${formatSeconds(tNs, 3)}: "${text.trim()}"`,
      atNs: tNs,
      because: [],
    });
  }
}

export const driverComplaint: RuleDefinition = {
  id: "driver-complaint",
  create: (context) => new DriverComplaint(context),
};
