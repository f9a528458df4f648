import { formatSpan, msToNs } from "../../base/clock.ts";
import { channelCommandName } from "../../mhi/channel.ts";
import { ElementType } from "../../mhi/ring-element.ts";
import type { ChannelCommandEvent, RingEvent } from "../../trace/mhi-events.ts";
import { type FailureCase, traced } from "./failure-case.ts";
import { type KnownFailure, recognised } from "./known-failure.ts";

/** Elements that one tasklet run takes stand this close together. */
const BURST_NS = 500_000;
const BURST_ELEMENTS = 3;

const isElement = (event: { readonly kind: string }): event is RingEvent => event.kind === "ring";

/** The command's answer was there all the time, with others behind it: an interrupt drained them at once, too late. */
function lateBurst(failure: FailureCase, command: ChannelCommandEvent): RingEvent | undefined {
  const limitNs = msToNs(failure.family.timeoutMs);
  const later = failure.events.filter((event) => event.tNs > command.tNs).filter(isElement);
  const answer = later.find((event) => event.type === ElementType.CMD_COMPLETION_EVENT);
  if (!answer || answer.tNs - command.tNs < limitNs) return undefined;
  // something else of ring 0 before it means that interrupts did come
  if (later.some((event) => event.ring === "ctrl" && event.tNs < answer.tNs - BURST_NS)) return undefined;
  const together = later.filter((event) => Math.abs(event.tNs - answer.tNs) <= BURST_NS);
  return together.length >= BURST_ELEMENTS && failure.whole(command.tNs, answer.tNs) ? answer : undefined;
}

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
    const commands = failure.events.filter(
      (event): event is ChannelCommandEvent => event.kind === "chan" && event.phase === "start",
    );
    const lost = failure.nearest(commands.filter((event) => lateBurst(failure, event) !== undefined));
    const answer = lost && lateBurst(failure, lost);
    if (!lost || !answer) return undefined;
    return recognised(
      traced(lost, `${channelCommandName(lost.command)} of channel ${lost.channel} without an answer in time`),
      traced(answer, `its completion ${formatSpan(answer.tNs - lost.tNs)} later, with others behind it`),
    );
  },
};
