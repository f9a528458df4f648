/**
 * What the decoder says of a buffer's pages is what the kernel itself prints of that buffer, on each kernel that the lab
 * boots: recorded now, with no collector of ours between.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isMhiEvent, type TraceEvent } from "../../harness/trace/mhi-events.ts";
import { openTrace } from "../../harness/trace/open/open-trace.ts";
import { cli, root } from "../support/cli.ts";

/** Boots the device, opens and closes a port, removes the driver; then the text first, which takes nothing away. */
const RECORD = `
set -e
modprobe mhi
modprobe mhi_wwan_ctrl
I=/sys/kernel/tracing/instances/truth
mkdir $I
cd $I
echo boot > trace_clock
echo 0 > options/hash-ptr
echo 1 > events/mhi_host/enable
modprobe mhi_pci_generic
n=0; until ls /dev/wwan0qcdm0 >/dev/null 2>&1 || [ $n -ge 100 ]; do n=$((n+1)); sleep 0.1; done
[ -c /dev/wwan0qcdm0 ]
exec 3<>/dev/wwan0qcdm0
printf '\\176truth\\176' >&3
echo 'controller: half way' > trace_marker
sleep 0.5
exec 3>&-
rmmod mhi_pci_generic
echo 0 > tracing_on
O=/tmp/truth; mkdir $O
cat trace > $O/trace.txt
cat /sys/kernel/tracing/events/header_page > $O/header_page
cat /sys/kernel/tracing/printk_formats > $O/printk_formats
cat /sys/kernel/tracing/events/ftrace/print/format > $O/format
for e in events/mhi_host/mhi_*; do cat $e/format > $O/\${e##*/}.format; done
for c in per_cpu/cpu*; do n=\${c##*/}; timeout 1 cat $c/trace_pipe_raw > $O/$n.bin || true; done
cd $O
for f in *; do echo "@ $f"; gzip -c $f | base64; done
`;

/** Files as the script prints them. */
function unpack(stdout: string, folder: string): void {
  for (const [, name = "", base64 = ""] of stdout.matchAll(/^@ (\S+)\n([\w+/=\n]*)/gm)) {
    const path = join(folder, name === "trace.txt" ? "text" : "pages", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gunzipSync(Buffer.from(base64, "base64")));
  }
}

async function eventsOf(path: string): Promise<{ events: TraceEvent[]; gaps: number }> {
  const source = await openTrace(path);
  try {
    const events: TraceEvent[] = [];
    for await (const batch of source.batches()) for (let i = 0; i < batch.length; i++) events.push(batch.event(i));
    return { events, gaps: source.gaps.length };
  } finally {
    source.close();
  }
}

const nearestUs = (ns: number): number => Math.round(ns / 1000);

describe.each(["6.12", "7.2"])("kernel %s", (kernel) => {
  let folder: string;
  /** A rig of its own: one that somebody has up stays so. */
  let rig: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mhi-hil-rig-truth-"));
    copyFileSync(join(root, "rigs", "virtual-sdx55.yaml"), join(folder, "virtual-truth.yaml"));
    rig = ["--rig", join(folder, "virtual-truth.yaml")];
  });
  afterEach(async () => {
    await cli(["lab", "down", ...rig]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("prints of each record what the decoder says of it", async () => {
    const up = await cli(["lab", "up", ...rig, "--kernel", kernel]);
    expect(up.code, up.stderr).toBe(0);
    const recorded = await cli(["lab", "shell", ...rig, "--", RECORD]);
    expect(recorded.code, recorded.stderr).toBe(0);
    unpack(recorded.stdout, folder);
    expect(readdirSync(join(folder, "pages")).filter((name) => name.endsWith(".format")).length).toBe(8);

    const pages = await eventsOf(join(folder, "pages"));
    const text = await eventsOf(join(folder, "text", "trace.txt"));
    const said = ({ events }: typeof text) => events.map((event) => ({ ...event, tNs: nearestUs(event.tNs) }));
    // two CPUs within one microsecond: the text's order is the pages' own, which rounding hides
    expect(said(pages)).toEqual(said(text));
    expect({ pages: pages.gaps, text: text.gaps }).toEqual({ pages: 0, text: 0 });
    const kinds = new Set(pages.events.map((event) => (event.kind === "ring" ? event.ring : event.kind)));
    expect([...kinds].sort()).toEqual(["chan", "ctrl", "data", "intvec", "marker", "pm", "tre", "worker"]);
    expect(pages.events.filter(isMhiEvent).length).toBeGreaterThan(40);
  });
});
