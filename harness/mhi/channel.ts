/** Channel commands and channel-context states. Source: drivers/bus/mhi/common.h and host/internal.h. */

/** Target of mhi_channel_command_start / _end (enum mhi_ch_state_type). */
export const ChannelCommand = { RESET: 0, STOP: 1, START: 2 } as const;
export type ChannelCommand = (typeof ChannelCommand)[keyof typeof ChannelCommand];
const COMMAND_NAMES = ["RESET", "STOP", "START"];
export const channelCommandName = (command: number): string => COMMAND_NAMES[command] ?? `command#${command}`;

/** chcfg[7:0] of a channel context. */
export const ChannelState = { DISABLED: 0, ENABLED: 1, RUNNING: 2, SUSPENDED: 3, STOP: 4, ERROR: 5 } as const;
export type ChannelState = (typeof ChannelState)[keyof typeof ChannelState];

/** chtype of a channel context. */
export const ChannelType = { INVALID: 0, OUTBOUND: 1, INBOUND: 2, INBOUND_COALESCED: 3 } as const;

/** chcfg[9:8]. */
export const BurstMode = { DISABLED: 2, ENABLED: 3 } as const;

/** Channels whose doorbell slots mean something else (drivers/bus/mhi/host/internal.h, pci_generic.c). */
export const WAKE_DOORBELL_CHANNEL = 127;
export const EDL_DOORBELL_CHANNEL = 91;
export const EDL_COOKIE = 0xedededed;
export const MAX_CHANNELS = 128;
