/** Findings while a recording is still being made. Ctrl-C ends what is piped in, and the verdict follows. */
import { oneLine } from "../../reports/escape.ts";
import { formatSeconds } from "../base/clock.ts";
import type { EngineFinding } from "../judge/rule-engine.ts";

export interface Watching {
  /** Ctrl-C was pressed, and the pipe did not end by it. */
  readonly signal: AbortSignal;
  readonly tell: (finding: EngineFinding) => void;
  done(): void;
}

/** A pipe whose writer does not end by the signal that ends it in a shell: it is not waited for. */
const END_MS = 2000;

export function watch(out: NodeJS.WritableStream): Watching {
  const stop = new AbortController();
  let ending: NodeJS.Timeout | undefined;
  const onSignal = (): void => {
    ending ??= setTimeout(() => stop.abort(), END_MS);
  };
  process.on("SIGINT", onSignal);
  return {
    signal: stop.signal,
    tell: ({ controller, fromNs, atNs, title, found, rule }) => {
      out.write(
        `${formatSeconds(Math.max(fromNs, atNs), 3)}  ${oneLine(`${controller}  ${title}: ${found}`)}  (${rule})\n`,
      );
    },
    done: () => {
      clearTimeout(ending);
      process.off("SIGINT", onSignal);
      if (stop.signal.aborted) process.stdin.unref();
    },
  };
}
