/**
 * What happened, in one line: "boot ok in 0.31 s; suspended 3 times; SYS_ERR; recovered in 0.2 s". However long the
 * recording, the line stays short: the first chapters, the last ones, and how often what was in between.
 */
import type { Nanoseconds } from "../base/clock.ts";
import { ChannelCommand } from "../mhi/channel.ts";
import { PmState } from "../mhi/pm-state.ts";
import { WorkerItem } from "../mhi/worker-item.ts";
import type { MhiEvent, TraceEvent } from "../trace/mhi-events.ts";
import { isMhiEvent } from "../trace/mhi-events.ts";
import { isTransferCompletion } from "./machine.ts";
import { Chapters, times } from "./story-chapters.ts";

export interface StoryOptions {
  /** The driver of this family powers down without grace on every remove (qaic, facts 7.1). */
  readonly graceless?: boolean;
}

export function tellStory(events: readonly TraceEvent[], options: StoryOptions = {}): string {
  const controllers = new Set(events.filter(isMhiEvent).map((event) => event.controller));
  const [only] = controllers;
  const teller = new StoryTeller(options);
  for (const event of events) if (isMhiEvent(event) && event.controller === only) teller.feed(event);
  return teller.tell(controllers.size - 1);
}

/** One controller's story, told while its events come. */
export class StoryTeller {
  readonly #graceless: boolean;
  readonly #chapters = new Chapters();
  readonly #opened = new Set<number>();
  #transfers = 0;
  #powerUpNs: Nanoseconds | undefined;
  #afterFailure: "SYS_ERR" | "being given up" | undefined;
  #failureNs: Nanoseconds = 0;
  #suspends = 0;
  #resumes = 0;

  constructor({ graceless = false }: StoryOptions = {}) {
    this.#graceless = graceless;
  }

  feed(event: MhiEvent): void {
    if (event.kind === "worker") {
      if (event.item === WorkerItem.READY || event.item === WorkerItem.PBL) this.#powerUpNs ??= event.tNs;
      if (event.item === WorkerItem.MISSION_MODE) this.#missionMode(event.tNs);
    } else if (event.kind === "pm") this.#pm(event.pmState, event.tNs);
    else if (event.kind === "chan" && event.phase === "end" && event.command === ChannelCommand.START) {
      this.#opened.add(event.channel);
    } else if (event.kind === "ring" && isTransferCompletion(event)) this.#transfers++;
  }

  /** A completion that gives buffers back and that nobody made an event of. */
  transferred(): void {
    this.#transfers++;
  }

  /** @param others - controllers beside this one. The story so far: it may go on. */
  tell(others = 0): string {
    const lines = this.#chapters.lines();
    lines.push(...this.#sleep().map(({ words }) => words));
    if (this.#afterFailure) lines.push(`not recovered from ${this.#afterFailure}`);
    else if (this.#powerUpNs !== undefined) lines.push("boot did not reach mission mode");
    if (this.#opened.size > 0) lines.push(`${this.#opened.size} channels opened`);
    if (this.#transfers > 0) lines.push(`${this.#transfers} transfers`);
    if (others > 0) lines.push(`${others} more controllers in the trace`);
    return lines.length > 0 ? lines.join("; ") : "nothing happened on the MHI bus";
  }

  #missionMode(tNs: Nanoseconds): void {
    this.#flushSleep();
    if (this.#afterFailure) this.#chapters.add("recovered", { spanNs: tNs - this.#failureNs });
    else if (this.#powerUpNs !== undefined) this.#chapters.add("boot ok", { spanNs: tNs - this.#powerUpNs });
    this.#afterFailure = undefined;
    this.#powerUpNs = undefined;
  }

  #pm(state: number, tNs: Nanoseconds): void {
    if (state === PmState.M3) this.#suspends++;
    else if (state === PmState.M3_EXIT) this.#resumes++;
    else if (state === PmState.SYS_ERR_DETECT) this.#failed("SYS_ERR", tNs, "SYS_ERR");
    else if (state === PmState.SHUTDOWN_PROCESS) this.#poweredDown();
    else if (state === PmState.LD_ERR_FATAL_DETECT) {
      if (this.#graceless) this.#poweredDown();
      else this.#failed("being given up", tNs, "device given up");
    }
  }

  #poweredDown(): void {
    this.#flushSleep();
    this.#chapters.add("powered down");
    this.#afterFailure = undefined;
    this.#powerUpNs = undefined;
  }

  #failed(what: "SYS_ERR" | "being given up", tNs: Nanoseconds, words: string): void {
    this.#flushSleep();
    this.#chapters.add(words);
    if (!this.#afterFailure) this.#failureNs = tNs;
    this.#afterFailure = what;
  }

  #sleep(): { what: string; count: number; words: string }[] {
    const some = [{ what: "suspended", count: this.#suspends, words: `suspended ${times(this.#suspends)}` }];
    if (this.#resumes < this.#suspends) {
      some.push({ what: "resumed", count: this.#resumes, words: `resumed ${times(this.#resumes)}` });
    }
    return some.filter(({ count }) => count > 0);
  }

  #flushSleep(): void {
    for (const { what, count } of this.#sleep()) this.#chapters.add(what, { count });
    this.#suspends = 0;
    this.#resumes = 0;
  }
}
