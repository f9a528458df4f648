/** The recordings with what was done in them, whole. */

import type { Evidence } from "../../harness/judge/evidence.ts";
import { inTurn, scenario } from "../../harness/judge/index.ts";
import type { JudgeOptions } from "../../harness/judge/verdict.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";
import { aic100, foxconn, k01, k04, k10, k12, k20 } from "./support.ts";

export interface Case {
  readonly name: string;
  readonly evidence: Evidence;
  readonly options: JudgeOptions;
}

const s = scenario;

export const cases: readonly Case[] = [
  {
    name: "01 boot, DUN echo, runtime PM, s2idle, unbind",
    evidence: k01(),
    options: {
      family: foxconn,
      scenario: inTurn(
        s.boot(foxconn),
        s.runtimeSuspend(foxconn),
        s.runtimeResume(foxconn),
        s.systemSuspendResume(foxconn),
        s.systemSuspendResume(foxconn),
        s.unbind(foxconn),
      ),
    },
  },
  {
    name: "04 S3 with context loss",
    evidence: k04(),
    options: {
      family: foxconn,
      scenario: inTurn(s.boot(foxconn), s.contextLostResume(foxconn), s.runtimeSuspend(foxconn)),
    },
  },
  {
    name: "10 echoes, SYS_ERR by event and by interrupt, unbind",
    evidence: k10(),
    options: {
      family: foxconn,
      scenario: inTurn(
        s.boot(foxconn),
        s.echo(foxconn, "DUN"),
        s.echo(foxconn, "DIAG"),
        s.sysErrRecovery(foxconn),
        s.systemSuspendResume(foxconn),
        s.sysErrRecovery(foxconn),
        s.systemSuspendResume(foxconn),
        s.unbind(foxconn),
      ),
    },
  },
  {
    name: "12 qaic boot and unbind",
    evidence: k12(),
    options: { family: aic100, scenario: inTurn(s.boot(aic100), s.unbind(aic100)) },
  },
  {
    name: "20 sdx55: boot, runtime PM, S3 with context loss, s2idle, remove and rescan",
    evidence: k20(),
    options: {
      family: sdx55,
      scenario: inTurn(
        s.boot(sdx55),
        s.runtimeSuspend(sdx55),
        s.runtimeResume(sdx55),
        s.contextLostResume(sdx55),
        s.systemSuspendResume(sdx55),
        s.removeAndRescan(sdx55),
        s.systemSuspendResume(sdx55),
      ),
    },
  },
];
