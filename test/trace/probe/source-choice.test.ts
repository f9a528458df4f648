/** Which source is taken on which host, and that the host is given back as it was: a host that answers by its commands. */
import { describe, expect, it } from "vitest";
import { switchedOn } from "../../../harness/trace/probe/debug-messages.ts";
import { describeSource, prepareSource, type TraceSourceChoice } from "../../../harness/trace/probe/source-choice.ts";
import type { TraceShell, TraceStream } from "../../../harness/trace/trace-shell.ts";
import { driverBtf } from "./btf-builder.ts";

interface Host {
  readonly events?: boolean;
  readonly machine?: string;
  readonly kprobes?: boolean;
  readonly btf?: boolean;
  readonly dynamicDebug?: boolean;
  /** printk:console tells of debug messages. */
  readonly heard?: boolean;
  readonly control?: string;
}

const CONTROL = `drivers/bus/mhi/host/pm.c:591 [mhi]mhi_pm_st_worker =_ "Handling state transition: %s\\012"
drivers/bus/mhi/host/main.c:498 [mhi]mhi_intvec_threaded_handler =pmf "local ee: %s state: %s device ee: %s state: %s\\012"
drivers/bus/mhi/host/main.c:870 [mhi]mhi_process_ctrl_ev_ring =_ "State change event to state: %s\\012"
drivers/bus/mhi/host/main.c:1290 [mhi]mhi_update_channel_state =_ "%d: Updating channel state to: %s\\012"
`;

/** Functions at 0xffffffffc0256000 and on: enough of the driver for probes that see all. */
const CODE: readonly (readonly [name: string, hex: string])[] = [
  ["mhi_tryset_pm_state", "89b754010000c3"],
  ["mhi_process_ctrl_ev_ring", "48894350c3"],
  ["mhi_process_data_event_ring", "48894350c3"],
  ["mhi_gen_tre", "48898398000000c3"],
  ["mhi_update_channel_state", "c3"],
];

function memory(): { kallsyms: string; kcore: Buffer; text: Buffer } {
  const text = Buffer.alloc(4096, 0x90);
  const lines = CODE.map(([name, hex], index) => {
    text.write(hex, index * 64, "hex");
    return `${(0xffff_ffff_c025_6000n + BigInt(index * 64)).toString(16)} t ${name}	[mhi]`;
  });
  const header = Buffer.alloc(4096);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64);
  header.writeBigUInt64LE(0x1000n, 72);
  header.writeBigUInt64LE(0xffff_ffff_c025_6000n, 80);
  header.writeBigUInt64LE(0x10_0000n, 104);
  return { kallsyms: lines.join("\n"), kcore: header, text };
}

class FakeHost implements TraceShell {
  readonly said: string[] = [];
  readonly defined: string[] = [];
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async exec(command: string, options: { input?: string } = {}) {
    this.said.push(command);
    const { exitCode = 0, stdout = "" } = this.#answer(command, options.input ?? "");
    return { exitCode, stdout, stderr: "" };
  }

  #answer(command: string, input: string): { exitCode?: number; stdout?: string } {
    const { events, machine = "x86_64", kprobes = true, btf = true, dynamicDebug = true, heard = true } = this.#host;
    if (command.includes("events/mhi_host")) return { exitCode: events ? 0 : 1 };
    if (command.startsWith("uname -m")) {
      const files = btf ? "/sys/kernel/btf/mhi\n/sys/kernel/btf/vmlinux\n" : "";
      return { stdout: `${machine}\n${kprobes ? "kprobes\n" : ""}${files}` };
    }
    if (command.includes("/proc/kallsyms")) return { stdout: memory().kallsyms };
    if (command.startsWith("while IFS=")) {
      const lines = input.trim().split("\n");
      this.defined.push(...lines);
      return { stdout: lines.map(() => "taken").join("\n") };
    }
    if (command.includes("grep '\\[mhi\\]' $c")) return { stdout: dynamicDebug ? (this.#host.control ?? CONTROL) : "" };
    if (command.includes("-trial")) return { exitCode: heard ? 0 : 1 };
    return {};
  }

  async stream(command: string): Promise<TraceStream> {
    this.said.push(command);
    const { vmlinux, mhi } = driverBtf();
    const { kcore, text } = memory();
    const bytes = command.includes("btf/vmlinux")
      ? vmlinux
      : command.includes("btf/mhi")
        ? mhi
        : command.includes("skip=")
          ? text
          : kcore;
    let listener: (chunk: Buffer) => void = () => undefined;
    const done = new Promise<{ exitCode: number }>((resolve) => {
      setImmediate(() => {
        listener(bytes);
        resolve({ exitCode: 0 });
      });
    });
    const onData = (callback: typeof listener): void => {
      listener = callback;
    };
    return { onData, close: () => undefined, done };
  }
}

async function prepared(host: Host, choice: TraceSourceChoice = "auto") {
  const shell = new FakeHost(host);
  const source = await prepareSource(() => shell, {
    place: { root: "/sys/kernel/tracing", instance: "mhi-hil" },
    choice,
    driverEvents: "mhi_host",
    others: ["power/suspend_resume"],
  });
  return { shell, source };
}

describe("the source that is taken", () => {
  it("is the driver's own events where the kernel has them, and the host is not touched for it", async () => {
    const { source, shell } = await prepared({ events: true });
    expect(source.facts).toEqual({ name: "events", unseen: [] });
    expect(source.events).toEqual(["mhi_host", "power/suspend_resume"]);
    expect(shell.said).toHaveLength(1);
  });

  it("is kprobes where not, with the messages that tell what they cannot", async () => {
    const { source, shell } = await prepared({});
    expect(source.facts).toEqual({
      name: "kprobes",
      unseen: [],
      blindTo: [],
      because: "this kernel has no mhi_host events",
    });
    expect(source.events).toEqual(["mhi_hil", "printk/console", "power/suspend_resume"]);
    expect(shell.defined.length).toBeGreaterThan(8);
    expect(shell.said.at(-1)).toContain('module mhi format "Handling state transition" +p');
  });

  it("is kprobes without messages where these do not come through, and says what is then unseen", async () => {
    for (const host of [{ heard: false }, { dynamicDebug: false }]) {
      const { source } = await prepared(host);
      expect(source.facts).toMatchObject({
        name: "kprobes",
        unseen: ["worker items", "states at a BHI interrupt"],
        blindTo: ["worker", "intvec"],
      });
      expect(source.events).not.toContain("printk/console");
    }
  });

  it.each([
    [{ machine: "aarch64" }, "they are known for x86_64 only, and this host is aarch64"],
    [{ kprobes: false }, "the kernel has no kprobe events (CONFIG_KPROBE_EVENTS)"],
    [{ btf: false }, "no /sys/kernel/btf/vmlinux"],
  ])("is the driver's messages alone on %j", async (host, why) => {
    const { source } = await prepared(host);
    expect(source.facts.name).toBe("dynamic-debug");
    expect(source.facts.because).toContain("this kernel has no mhi_host events, and kprobes cannot be used: ");
    expect(source.facts.because).toContain(why);
    expect(source.facts.blindTo).toEqual(["pm", "data", "tre"]);
    expect(source.events).toEqual(["printk/console", "power/suspend_resume"]);
  });

  it("does not hope for messages that a newer driver does not have", async () => {
    const newer = `drivers/bus/mhi/host/pm.c:1162 [mhi]mhi_async_power_up =_ "Requested to power ON\\012"\n`;
    const { source } = await prepared({ events: true, control: newer }, "kprobes");
    expect(source.facts).toMatchObject({ name: "kprobes", blindTo: ["worker", "intvec"] });
    await expect(prepared({ events: true, control: newer }, "dynamic-debug")).rejects.toMatchObject({
      code: "trace-no-source",
    });
  });

  it("is none where there is neither, with all reasons in one sentence", async () => {
    await expect(prepared({ kprobes: false, dynamicDebug: false })).rejects.toMatchObject({
      code: "trace-no-source",
      message: expect.stringMatching(/CONFIG_KPROBE_EVENTS.*CONFIG_DYNAMIC_DEBUG/),
    });
    await expect(prepared({ btf: false, heard: false })).rejects.toMatchObject({
      code: "trace-no-source",
      message: expect.stringContaining("from 5.19 on"),
    });
  });

  it("is what was asked for, or a fault", async () => {
    expect((await prepared({ events: true }, "kprobes")).source.facts).toMatchObject({
      name: "kprobes",
      because: "asked for",
    });
    expect((await prepared({ events: true }, "dynamic-debug")).source.facts.name).toBe("dynamic-debug");
    await expect(prepared({ btf: false }, "kprobes")).rejects.toMatchObject({ code: "trace-no-kprobes" });
  });

  it("is told in the run's heading", async () => {
    expect(describeSource((await prepared({ events: true })).source.facts)).toBe("mhi_host");
    expect(describeSource((await prepared({})).source.facts)).toBe(
      "kprobes on mhi (this kernel has no mhi_host events)",
    );
    expect(describeSource((await prepared({ heard: false })).source.facts)).toContain(
      "; cannot see worker items, states at a BHI interrupt)",
    );
  });
});

describe("the host is given back", () => {
  it("without our probes, and with the messages on that were on before", async () => {
    const { source, shell } = await prepared({});
    shell.said.length = 0;
    await source.release();
    const [restored, removed] = shell.said;
    expect(restored).toContain('module mhi format "local ee" -p');
    expect(restored).toContain("file drivers/bus/mhi/host/main.c line 498 +p");
    expect(restored).not.toContain("line 591");
    expect(removed).toContain("mhi_hil/");
    expect(removed).toContain("kprobe_events");
  });

  it("after the driver was loaded anew its messages are on again", async () => {
    const { source, shell } = await prepared({ kprobes: false });
    shell.said.length = 0;
    await source.rearm();
    expect(shell.said).toEqual([expect.stringContaining("echo 'module mhi +p' > $c")]);
  });

  it("knows which messages were on by the flags before the text", () => {
    expect(switchedOn(CONTROL)).toEqual(["drivers/bus/mhi/host/main.c:498"]);
  });
});
