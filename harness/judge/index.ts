/** The judge's door: evidence in, verdict out. */
export { neverEntered, tookLonger } from "./assertions.ts";
export {
  type CoverageEvent,
  coverageOf,
  edgesOf,
  edgesOfAll,
  type Missing,
  missingOf,
  united,
} from "./coverage/index.ts";
export type { DeviceLine, Evidence, LogLine } from "./evidence.ts";
export { KNOWN_FAILURES, type KnownFailure, type KnownMatch, knownAs, knownById, knownIn } from "./known/index.ts";
export { Matcher, type MatcherState } from "./matcher.ts";
export { anyOrder, describePattern, either, optional, Pattern, repeat, sequence, step } from "./pattern.ts";
export { RuleEngine } from "./rule-engine.ts";
export type { FailureKind } from "./rules/rule.ts";
export type { Measure } from "./scenario-findings.ts";
export { type BootOptions, inTurn, type Scenario, scenario } from "./scenarios/index.ts";
export { describeSignature, type SignatureParts, signature } from "./signature.ts";
export * as steps from "./steps.ts";
export { type AllowedWindow, type JudgeOptions, judge, type Verdict } from "./verdict.ts";
