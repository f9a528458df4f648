/** What kind of text this is, as far as its lines told yet, and what a reader should know about it. */

export class TextForm {
  /** Heading of the `trace` file. */
  traceHeading = false;
  traceCmd = false;
  latency = false;
  dump = false;
  records = 0;
  logLines = 0;
  /** Times without a point. */
  wholeTimes = 0;
  fields = 0;
  otherTracer = 0;
  wrapped = 0;
  consoleLines = 0;
  wallClock = 0;
  prefixes = 0;
  /** `nop` means events only. */
  tracer = "nop";
  messagesTyped = 0;
  messagesAsText = 0;
  droppedMessages = 0;
  bothWitnesses = false;

  get name(): string {
    if (this.dump) return "console log with an ftrace dump";
    if (this.records > 0 && this.logLines > 0) return "console log with trace text";
    if (this.traceCmd) return this.latency ? "trace-cmd report, latency format" : "trace-cmd report";
    if (this.latency) return "latency format";
    if (this.traceHeading) return "text of trace";
    if (this.records > 0) return "trace_pipe";
    if (this.messagesTyped > 0) return "kernel log with dynamic debug";
    return this.logLines > 0 ? "kernel log" : "text";
  }

  /** Trace clock, where the times tell it: whole numbers in the kernel's own text are a counter's. */
  get clock(): string | undefined {
    return this.wholeTimes > 0 && !this.traceCmd ? "counter" : undefined;
  }

  get notes(): readonly string[] {
    const notes: string[] = [];
    const add = (count: number, text: string): void => {
      if (count > 0) notes.push(text);
    };
    add(this.consoleLines, `${this.consoleLines} ${lines(this.consoleLines)} of other output passed over`);
    add(
      this.otherTracer,
      `${this.otherTracer} ${lines(this.otherTracer)} of another tracer (${this.tracerName === "" ? "no event name" : this.tracerName}) kept as text`,
    );
    add(this.wrapped, `${this.wrapped} records put together from lines that a mail client wrapped`);
    add(this.wholeTimes, this.#wholeTimesNote());
    if (this.latency) {
      notes.push(
        "latency format: times count from the last clearing of the trace buffer, task names have 8 characters",
      );
    }
    add(this.wallClock, "times of kernel messages are dates: no finer and no steadier than the log daemon wrote them");
    add(
      this.messagesAsText,
      `${this.messagesAsText} messages of the driver kept as text: the trace events in the same log tell the same`,
    );
    add(
      this.droppedMessages,
      `${this.droppedMessages} kernel messages were dropped; the trace events are whole without them`,
    );
    if (this.messagesTyped > 0) {
      notes.push(
        `${this.messagesTyped} events are messages of the driver (dynamic debug): PM states are told when the driver speaks of them, and no buffers`,
      );
    }
    if (this.bothWitnesses)
      notes.push("the driver's messages and its trace events are both in the text: transitions may appear twice");
    return notes;
  }

  /** Empty where none is at work but events. */
  get tracerName(): string {
    return this.tracer === "nop" ? "" : this.tracer;
  }

  #wholeTimesNote(): string {
    return this.traceCmd
      ? "times are whole numbers, as trace-cmd prints nanoseconds of the boot and tai clocks: read as nanoseconds"
      : "times are whole numbers of a counter (counter, x86-tsc, uptime): kept as they are, they are no durations";
  }
}

const lines = (count: number): string => (count === 1 ? "line" : "lines");
