/**
 * A client starts its channel to the device before the one from it, and resets them the other way round: it prepares for
 * transfer in both directions or in none. Where either of the two is not known, and for channels without a partner,
 * nothing is said; nor where one of a pair was closed without a command, as a change of EE closes it.
 * Source: __mhi_prepare_for_transfer, mhi_unprepare_from_transfer in drivers/bus/mhi/host/main.c; design facts 6.0.5, 6.8.
 */
import { formatSeconds } from "../../base/clock.ts";
import { ChannelCommand, channelCommandName } from "../../mhi/channel.ts";
import type { FamilyProfile } from "../../mhi/families/family.ts";
import type { ChannelCommandEvent } from "../../trace/mhi-events.ts";
import type { Rule, RuleContext, RuleDefinition } from "./rule.ts";

/** Channel from the device -> channel to it, and the other way round. */
function pairsOf(family: FamilyProfile): { readonly up: Map<number, number>; readonly down: Map<number, number> } {
  const up = new Map<number, number>();
  const down = new Map<number, number>();
  for (const { channel, name, direction } of family.channels) {
    const partner = family.channels.find((entry) => entry.name === name && entry.direction !== direction);
    if (partner) (direction === "dl" ? up : down).set(channel, partner.channel);
  }
  return { up, down };
}

class ChannelPair implements Rule {
  readonly #context: RuleContext;
  readonly #pairs: ReturnType<typeof pairsOf>;

  constructor(context: RuleContext) {
    this.#context = context;
    this.#pairs = pairsOf(context.family);
  }

  chan(event: ChannelCommandEvent, index: number): void {
    if (event.phase !== "start") return;
    const { machine } = this.#context;
    if (event.command === ChannelCommand.START) {
      const partner = this.#pairs.up.get(event.channel);
      // "resetting": a RESET that an error has overtaken leaves it open or closed
      if (partner === undefined || machine.channel(partner).state !== "closed") return;
      if (machine.channel(event.channel).state !== "closed") return;
      this.#report(event, partner, "open", index);
    } else if (event.command === ChannelCommand.RESET) {
      const partner = this.#pairs.down.get(event.channel);
      if (partner === undefined || machine.channel(partner).state !== "open") return;
      this.#report(event, partner, "closed", index);
    }
  }

  #report(event: ChannelCommandEvent, partner: number, wanted: "open" | "closed", index: number): void {
    const { machine, report } = this.#context;
    const command = channelCommandName(event.command);
    report({
      title: `${command} of channel ${event.channel} while channel ${partner} of the same client is ${machine.channel(partner).state}`,
      expected: `channel ${partner} ${wanted} first: to the device before from the device, and back the other way round`,
      found: `${command} of channel ${event.channel} at ${formatSeconds(event.tNs)}`,
      fromNs: machine.pm === undefined ? event.tNs : machine.pmSinceNs,
      atNs: event.tNs,
      because: [index],
    });
  }
}

export const channelPair: RuleDefinition = {
  id: "channel-pair",
  create: (context) => new ChannelPair(context),
};
