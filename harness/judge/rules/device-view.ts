/**
 * What an interrupt shows of the device must fit what the host has asked of it: a device in M0 may go to M1 and M2 by
 * itself, to M3 only when told, to SYS_ERR at any time, and back to RESET or READY only through a reset, which the host
 * would know of. A device that shows RESET or READY to a host in M0 has started anew without a word (soc_reset, a
 * watchdog), and the host will notice only when the first command times out (design facts 6.7).
 *
 * Source: mhi_intvec_threaded_handler in drivers/bus/mhi/host/main.c, mhi_ready_state_transition, mhi_pm_suspend,
 * __mhi_pm_resume in pm.c; design facts 1.5 item 5, 4.8. While the host resets or powers down, nothing is asked.
 */
import { formatSeconds } from "../../base/clock.ts";
import { MhiState, mhiStateName } from "../../mhi/mhi-state.ts";
import { PmState, pmStateName } from "../../mhi/pm-state.ts";
import { WorkerItem } from "../../mhi/worker-item.ts";
import type { IntvecEvent } from "../../trace/mhi-events.ts";
import type { Machine } from "../machine.ts";
import type { RuleDefinition } from "./rule.ts";

/** All ones in the register, and what qaic's accessor makes of them (facts 1.5 item 5): SYS_ERR, or no access at all. */
const NO_ANSWER = 0x100;

const AWAKE: readonly number[] = [MhiState.M0, MhiState.M1, MhiState.M2];
const ALLOWED = new Map<PmState, readonly number[]>([
  [PmState.POR, [MhiState.READY, ...AWAKE]],
  [PmState.M0, AWAKE],
  [PmState.M2, AWAKE],
  [PmState.M3_ENTER, [...AWAKE, MhiState.M3, MhiState.M3_FAST]],
  [PmState.M3_EXIT, [...AWAKE, MhiState.M3, MhiState.M3_FAST]],
]);

/** POR is also the silent state of a power-up, in which READY is still awaited: it counts from its record on. */
function allowedIn({ pm, item, pmIndex, itemIndex, missionUnproven }: Machine): readonly number[] | undefined {
  if (pm === undefined || missionUnproven) return undefined;
  const handshake = item === WorkerItem.READY || item === WorkerItem.PBL;
  if (pm === PmState.POR && !(handshake && pmIndex > itemIndex)) return undefined;
  return ALLOWED.get(pm);
}

export const deviceView: RuleDefinition = {
  id: "device-view",
  create: ({ machine, report }) => ({
    intvec(event: IntvecEvent, index: number): void {
      const state = event.deviceState;
      const allowed = allowedIn(machine);
      if (!allowed || allowed.includes(state) || state === MhiState.SYS_ERR || state === NO_ANSWER) return;
      const pm = pmStateName(machine.pm ?? PmState.DISABLE);
      const anew = state === MhiState.RESET || state === MhiState.READY;
      report({
        title: anew
          ? `device has started anew without SYS_ERR: it shows ${mhiStateName(state)} while the host is in ${pm}`
          : `device shows ${mhiStateName(state)} while the host is in ${pm}`,
        expected: `${allowed.map(mhiStateName).join(", ")} or SYS_ERR`,
        found: `${mhiStateName(state)} at ${formatSeconds(event.tNs)}, PM ${pm} since ${formatSeconds(machine.pmSinceNs)}`,
        fromNs: machine.pmSinceNs,
        atNs: event.tNs,
        because: [machine.pmIndex, index],
        ...(anew ? { failure: "link-loss" as const } : {}),
      });
    },
  }),
};
