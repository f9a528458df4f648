import { formatSpan, msToNs } from "../../base/clock.ts";
import { channelCommandName } from "../../mhi/channel.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { MhiEvent } from "../../trace/mhi-events.ts";
import { type FailureCase, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** Elements that one tasklet run takes stand this close together. */
const BURST_NS = 500_000;
const BURST_ELEMENTS = 3;

/**
 * The command's answer was there all the time, with others around it: an interrupt drained them at once, too late. Any
 * other element of ring 0 before that means that interrupts did come.
 */
function lateBurst(failure: FailureCase, begin: number): MhiEvent | undefined {
  const { events, family } = failure;
  const command = events[begin];
  let place = begin + 1;
  while (place < events.length && !isControl(events[place])) place++;
  const first = events[place];
  if (!command || !first || first.tNs - command.tNs < msToNs(family.timeoutMs)) return undefined;
  const burst: MhiEvent[] = [];
  for (let at = place; (events[at]?.tNs ?? Number.POSITIVE_INFINITY) - first.tNs <= BURST_NS; at++) {
    const event = events[at];
    if (event?.kind === "ring") burst.push(event);
  }
  const answer = burst.find((event) => event.kind === "ring" && event.type === ElementType.CMD_COMPLETION_EVENT);
  return burst.length >= BURST_ELEMENTS && failure.whole(command.tNs, first.tNs) ? answer : undefined;
}

const isControl = (event: MhiEvent | undefined): boolean => event?.kind === "ring" && event.ring === "ctrl";

export const interruptLost: KnownFailure = {
  id: "F13",
  name: "interrupt lost: answers come late and all at once",
  families: ["modem"],
  symptom: "QMI or MBIM time out at random, then several answers arrive together",
  cause: "an MSI of the device was lost or late: its events waited in the ring for the next interrupt (inferred)",
  remedy: [
    {
      text: "look at the PCIe host's MSI handling; seen with EM919x on i.MX6",
      source: "https://forum.sierrawireless.com/t/sierra-wireless-airprime-em919x-pcie-support/24927",
    },
  ],
  recognise(failure) {
    const found = failure.events.flatMap((event, at) => {
      if (event.kind !== "chan" || event.phase !== "start") return [];
      const answer = lateBurst(failure, at);
      return answer ? [{ tNs: event.tNs, command: event, answer }] : [];
    });
    const worst = failure.nearest(found);
    if (!worst) return undefined;
    const { command: lost, answer } = worst;
    return recognised(
      traced(lost, `${channelCommandName(lost.command)} of channel ${lost.channel} without an answer in time`),
      traced(answer, `its completion ${formatSpan(answer.tNs - lost.tNs)} later, with others behind it`),
    );
  },
};
