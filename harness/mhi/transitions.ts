/**
 * Legal PM transitions of the host driver, in the order of `dev_state_transitions[]` in drivers/bus/mhi/host/pm.c
 * (identical in 6.12.117 and 7.2.12).
 *
 *   DISABLE -> POR -> M0 <-> M2                     normal life
 *                     M0 -> M3_ENTER -> M3 -> M3_EXIT -> M0
 *   any powered state -> SYS_ERR_DETECT -> SYS_ERR_PROCESS -> POR | SYS_ERR_FAIL
 *   any powered state but M3 -> SHUTDOWN_PROCESS -> DISABLE
 *   any powered state -> LD_ERR_FATAL_DETECT -> DISABLE
 *
 * The driver traces a legal transition *before* it assigns the target; refused ones leave no trace. Some assignments
 * are made without a record: `SILENT` holds those.
 */
import { PmState } from "./pm-state.ts";

const S = PmState;
const ROWS: Readonly<Record<PmState, readonly PmState[]>> = {
  [S.DISABLE]: [S.POR],
  [S.POR]: [S.POR, S.DISABLE, S.M0, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT, S.FW_DL_ERR],
  [S.M0]: [S.M0, S.M2, S.M3_ENTER, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT, S.FW_DL_ERR],
  [S.M2]: [S.M0, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.M3_ENTER]: [S.M3, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.M3]: [S.M3_EXIT, S.SYS_ERR_DETECT, S.LD_ERR_FATAL_DETECT],
  [S.M3_EXIT]: [S.M0, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.FW_DL_ERR]: [S.FW_DL_ERR, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.SYS_ERR_DETECT]: [S.SYS_ERR_PROCESS, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.SYS_ERR_PROCESS]: [S.POR, S.SYS_ERR_FAIL, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.SYS_ERR_FAIL]: [S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT],
  [S.SHUTDOWN_PROCESS]: [S.DISABLE, S.LD_ERR_FATAL_DETECT],
  [S.LD_ERR_FATAL_DETECT]: [S.LD_ERR_FATAL_DETECT, S.DISABLE],
};

/** A kernel release such as `6.12.117+deb13-amd64`. All traced kernels (6.9 and later) share one table today. */
export type KernelRelease = string;

/** Targets that the driver's table allows from `from`. */
export const legalTargets = (from: PmState, _kernel?: KernelRelease): readonly PmState[] => ROWS[from];

/**
 * Assignments without a record. From a state in `from`, the next record may also be one of `to`, because the driver
 * has moved to `via` in between and told nobody.
 */
interface SilentAssignment {
  readonly from: readonly PmState[] | "any";
  readonly via: PmState;
  readonly to: readonly PmState[];
  /** Only while the last mission-mode work item may still have failed. */
  readonly onlyUnprovenMission?: boolean;
}

const SILENT: readonly SilentAssignment[] = [
  // mhi_async_power_up; M0 needs the rings of the READY handshake, which leaves its own POR record, and the error exit
  // back to DISABLE is as silent as the way in
  {
    from: [S.DISABLE],
    via: S.POR,
    to: [S.POR, S.SYS_ERR_DETECT, S.SHUTDOWN_PROCESS, S.LD_ERR_FATAL_DETECT, S.FW_DL_ERR],
  },
  // error exit of mhi_async_power_up, then a new power-up
  { from: [S.POR], via: S.DISABLE, to: [S.POR] },
  // __mhi_power_down: SHUTDOWN is refused in M3 only, then the state is forced
  { from: [S.M3], via: S.LD_ERR_FATAL_DETECT, to: [S.DISABLE] },
  // mhi_pm_mission_mode_transition reads an EE that is not mission mode
  {
    from: "any",
    via: S.LD_ERR_FATAL_DETECT,
    to: [S.LD_ERR_FATAL_DETECT, S.DISABLE],
    onlyUnprovenMission: true,
  },
];

export interface HopContext {
  /** The mission-mode item has begun and nothing since then shows that it went well. */
  readonly missionUnproven?: boolean;
}

export interface Hop {
  readonly legal: boolean;
  /** The silent assignment that makes it legal, where the table alone does not. */
  readonly via?: PmState;
}

/** Judges one traced hop: `from` is the last recorded state, `to` the record's target. */
export function judgeHop(from: PmState, to: PmState, kernel?: KernelRelease, context: HopContext = {}): Hop {
  if (legalTargets(from, kernel).includes(to)) return { legal: true };
  const silent = SILENT.find(
    (rule) =>
      (rule.from === "any" || rule.from.includes(from)) &&
      rule.to.includes(to) &&
      (!rule.onlyUnprovenMission || context.missionUnproven === true),
  );
  return silent ? { legal: true, via: silent.via } : { legal: false };
}

/** All edges of the table as `[from, to]`: what coverage counts against. */
export const allPmEdges = (_kernel?: KernelRelease): readonly (readonly [PmState, PmState])[] =>
  Object.values(S).flatMap((from) => ROWS[from].map((to) => [from, to] as const));
