/** Channels: started by their clients at boot, opened and closed by users, and traffic. Design facts 6.1, 6.8, 6.9. */
import { UsageError } from "../../base/errors.ts";
import type { ChannelCommand } from "../../mhi/channel.ts";
import { isMissionMode } from "../../mhi/exec-env.ts";
import type { ChannelProfile, FamilyProfile } from "../../mhi/families/family.ts";
import type { Pattern } from "../pattern.ts";
import { anyOrder, sequence } from "../pattern.ts";
import { PLAIN_MARGIN } from "../rules/expectations.ts";
import { commandEnd, commandStart, completed, failureStates, queued, resetCommand, startCommand } from "../steps.ts";
import type { Scenario } from "./scenario.ts";

/** From the rig's action to the client's first record. */
const NOTICE_MS = 60_000;

const label = (channel: ChannelProfile): string => `channel ${channel.channel} (${channel.name})`;

/**
 * Start record to end record. The completion between them is not a step: commands of two clients may be under way at
 * once and a completion does not say whose it is; the rule channel-command pairs them exactly.
 */
export function command(
  family: FamilyProfile,
  channel: ChannelProfile,
  what: ChannelCommand,
  startWithinMs = NOTICE_MS,
): Pattern {
  const name = label(channel);
  const verb = what === startCommand ? "START" : "RESET";
  const limit = `${family.timeoutMs / 1000} s`;
  return sequence(
    commandStart(channel.channel, what, name)
      .titled(`channel ${channel.channel} (${channel.name}): nobody asked for ${verb}`)
      .within(startWithinMs, "the command"),
    commandEnd(channel.channel, what, name)
      .titled(`channel ${channel.channel} (${channel.name}): device did not complete ${verb} within ${limit}`)
      .unless(failureStates())
      .refutedBy(givenUp(channel, verb))
      // a device that sleeps is woken first, which has the same limit
      .within(2 * family.timeoutMs, "its completion", { margin: PLAIN_MARGIN }),
  );
}

const givenUp = (channel: ChannelProfile, verb: string): RegExp =>
  new RegExp(`\\b${channel.channel}: Failed to (?:receive|send) ${verb} channel command`, "i");

/** Names of the family's channel pairs whose client starts them by itself once mission mode is reached. */
export const autoPairs = ({ channels }: FamilyProfile): string[] => [
  ...new Set(channels.filter(({ autoStart, execEnv }) => autoStart && isMissionMode(execEnv)).map(({ name }) => name)),
];

export function pairOf(family: FamilyProfile, name: string): { ul: ChannelProfile; dl: ChannelProfile } {
  const ul = family.channels.find((channel) => channel.name === name && channel.direction === "ul");
  const dl = family.channels.find((channel) => channel.name === name && channel.direction === "dl");
  if (ul && dl) return { ul, dl };
  const names = [...new Set(family.channels.map((channel) => channel.name))].join(", ");
  throw new UsageError("unknown-channel", `family ${family.id} has no channel pair "${name}"; it has: ${names}`);
}

/** Every client that starts its channels at probe has done so: UL before DL within a pair, pairs in any order. */
export function autoStarts(family: FamilyProfile): Pattern {
  const names = autoPairs(family);
  // each command may take up to its limit, one client after another
  const limitMs = family.timeoutMs * Math.max(1, 2 * names.length);
  const waitMs = PLAIN_MARGIN * limitMs;
  const pairs = names.map((name) => {
    const { ul, dl } = pairOf(family, name);
    return sequence(command(family, ul, startCommand, waitMs), command(family, dl, startCommand, waitMs));
  });
  return anyOrder(...pairs).within(limitMs, "the clients' channels", { margin: PLAIN_MARGIN });
}

export function channelOpen(family: FamilyProfile, name: string): Scenario {
  const { ul, dl } = pairOf(family, name);
  return {
    id: "channel-open",
    title: `${name} opened`,
    pattern: sequence(command(family, ul, startCommand), command(family, dl, startCommand).as(`${name} open`)),
    allows: [],
    measures: [],
  };
}

/** DL before UL: mhi_unprepare_from_transfer. */
export function channelClose(family: FamilyProfile, name: string): Scenario {
  const { ul, dl } = pairOf(family, name);
  return {
    id: "channel-close",
    title: `${name} closed`,
    pattern: sequence(command(family, dl, resetCommand), command(family, ul, resetCommand).as(`${name} closed`)),
    allows: [],
    measures: [],
  };
}

export function channelOpenClose(family: FamilyProfile, name: string): Scenario {
  const open = channelOpen(family, name);
  const close = channelClose(family, name);
  return {
    id: "channel-open-close",
    title: `${name} opened and closed`,
    pattern: sequence(open.pattern, close.pattern),
    allows: [],
    measures: [],
  };
}

/** Open, one packet there and back, close. The completion of the packet and its answer may come in any order. */
export function echo(family: FamilyProfile, name: string): Scenario {
  const { ul, dl } = pairOf(family, name);
  const limit = { margin: PLAIN_MARGIN };
  return {
    id: "echo",
    title: `echo over ${name}`,
    pattern: sequence(
      channelOpen(family, name).pattern,
      queued(ul.channel, label(ul))
        .titled(`channel ${ul.channel} (${name}): nothing was sent`)
        .within(NOTICE_MS, "the packet")
        .as("echo-sent"),
      anyOrder(
        completed(ul.channel, label(ul))
          .titled(`channel ${ul.channel} (${name}): device did not take the packet`)
          .within(family.timeoutMs, "the packet being taken", limit),
        completed(dl.channel, label(dl))
          .titled(`channel ${dl.channel} (${name}): device did not send an answer`)
          .within(family.timeoutMs, "the answer", limit)
          .as("echo-back"),
      ),
      channelClose(family, name).pattern,
    ),
    allows: [],
    measures: [{ name: "echo", from: "echo-sent", to: "echo-back" }],
  };
}
