/** A recording as lines for people: time, CPU, task, controller, meaning. */
import { type EventBatch, Kind } from "../batch.ts";
import { describeGap, describeRow } from "../describe.ts";
import type { Gap } from "../mhi-events.ts";
import type { TimeAxis } from "../time-axis.ts";
import type { DeviceLine, RowConsumer } from "./feed.ts";
import { infoLine } from "./summary.ts";

export interface LinesOptions {
  readonly axis: TimeAxis;
  /** What is held in a trace or a device's log is not trusted: makes it fit for the place where the lines go. */
  readonly printable: (text: string) => string;
  /** More lines for the head: what a device's log was placed by. */
  readonly head?: readonly string[];
}

const TASK_COLUMNS = 22;
const CONTROLLER_COLUMNS = 5;

export class LineWriter implements RowConsumer {
  readonly #options: LinesOptions;
  readonly #tasks = new Map<number, string>();
  #text = "";
  #headed = false;

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#text.length;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  row(batch: EventBatch, i: number): void {
    if (!this.#headed) this.#head();
    const lane = batch.names.lanes[batch.lane[i] ?? 0];
    const kind = batch.kind[i] ?? Kind.OTHER;
    const mhi = kind < Kind.MARKER;
    const held = mhi ? (batch.names.controllers[batch.controller[i] ?? 0] ?? "") : "";
    let meaning = describeRow(batch, i);
    if (!mhi) meaning = this.#options.printable(meaning);
    if (batch.extras.size > 0) meaning += this.#extras(batch, i);
    if (lane && lane.source !== "trace-event") meaning += ` (${lane.source})`;
    // A message in a kernel log's text tells neither its CPU nor its task; one in a ring buffer does.
    const message = lane?.source === "dynamic-debug" && this.#options.axis.info.resolutionNs > 1;
    const cpu = lane && !message ? `[${String(lane.cpu).padStart(3, "0")}]` : "[---]";
    const task = message ? "".padStart(TASK_COLUMNS) : this.#task(batch.pid[i] ?? 0);
    const controller = mhi ? this.#name(held) : "".padEnd(CONTROLLER_COLUMNS);
    const where = lane && lane.buffer !== "" ? `${this.#options.printable(lane.buffer)}: ` : "";
    this.#text += `${this.#options.axis.text(batch.tNs[i] ?? 0)} ${cpu} ${task} ${where}${controller} ${meaning}\n`;
  }

  gap(gap: Gap): void {
    if (!this.#headed) this.#head();
    const { axis, printable } = this.#options;
    const detail = gap.detail === undefined ? "" : ` (${printable(gap.detail)})`;
    this.#text += `---- ${axis.text(gap.fromNs)}..${axis.text(gap.toNs)} ${describeGap(gap)}${detail} ----\n`;
  }

  device(line: DeviceLine): void {
    if (!this.#headed) this.#head();
    const { axis, printable } = this.#options;
    const task = "device".padStart(TASK_COLUMNS);
    this.#text += `${axis.text(line.tNs)} [dev] ${task} ${"".padEnd(CONTROLLER_COLUMNS)} ${printable(`${line.deviceKind}: ${line.text}`)}\n`;
  }

  finish(): string[] {
    if (!this.#headed) this.#head();
    return this.#text === "" ? [] : [this.take()];
  }

  /** Written with the first line: text tells its form and its clock while it is read. */
  #head(): void {
    this.#headed = true;
    const { axis, printable, head } = this.#options;
    for (const line of [infoLine(axis.info), ...(head ?? [])]) this.#text += `# ${printable(line)}\n`;
  }

  /** `insmod-175`, right-aligned. Kept by pid: a task keeps the first name that was recorded. */
  #task(pid: number): string {
    const known = this.#tasks.get(pid);
    if (known !== undefined) return known;
    const comm = pid === 0 ? "<idle>" : this.#options.axis.info.comms.get(pid);
    const task = `${this.#options.printable(comm ?? "<...>")}-${pid}`.padStart(TASK_COLUMNS);
    if (comm !== undefined && this.#tasks.size < MAX_TASKS) this.#tasks.set(pid, task);
    return task;
  }

  #name(controller: string): string {
    return this.#options.printable(controller).padEnd(CONTROLLER_COLUMNS);
  }

  #extras(batch: EventBatch, i: number): string {
    const extra = batch.extras.get(i);
    if (!extra) return "";
    const fields = Object.entries(extra).map(([name, value]) => `${name}=${value}`);
    return this.#options.printable(` ${fields.join(" ")}`);
  }
}

/** pid_max of 64-bit kernels is 4 million; text that claims more tasks than this is not cached. */
const MAX_TASKS = 65_536;
