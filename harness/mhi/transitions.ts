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
 * are made without a record: `isSilentlyReachable` holds those.
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
 * Assignments without a record: the start of mhi_async_power_up goes to DISABLE and then POR, its error exit to DISABLE,
 * and a failed mission-mode item or a refused shutdown goes to LD_ERR_FATAL_DETECT. So from a state in `from`,
 * the next record may also follow from `via`.
 */
const SILENT: readonly { readonly from: readonly PmState[] | "any"; readonly via: PmState }[] = [
  { from: [S.DISABLE], via: S.POR }, // mhi_async_power_up
  { from: [S.POR], via: S.DISABLE }, // error exit of mhi_async_power_up
  { from: "any", via: S.LD_ERR_FATAL_DETECT }, // mission-mode item with a wrong EE; refused shutdown; RDDM in panic
];

export interface Hop {
  readonly legal: boolean;
  /** The silent assignment that makes it legal, where the table alone does not. */
  readonly via?: PmState;
}

/** Judges one traced hop: `from` is the last recorded state, `to` the record's target. */
export function judgeHop(from: PmState, to: PmState, kernel?: KernelRelease): Hop {
  if (legalTargets(from, kernel).includes(to)) return { legal: true };
  for (const rule of SILENT) {
    const applies = rule.from === "any" || rule.from.includes(from);
    if (applies && legalTargets(rule.via, kernel).includes(to)) return { legal: true, via: rule.via };
  }
  return { legal: false };
}
