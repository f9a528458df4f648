/**
 * What every verb of a rig stands on: the host, which device the DUT is, and the account of what was done to it.
 */
import { systemClock } from "../base/clock.ts";
import { describeError, HilError, RigFault } from "../base/errors.ts";
import { type FamilyProfile, familyOn } from "../mhi/families/family.ts";
import { familyById } from "../mhi/families/index.ts";
import type { FigureRecord, TestRecord } from "../record/schema.ts";
import { mhiControllerOf } from "../rig/host/mhi-bus.ts";
import * as pci from "../rig/host/pci.ts";
import type { RigFile } from "../rig/inventory/schema.ts";
import type { HostLink } from "./host-link.ts";
import type { KeeperClient } from "./keeper-client.ts";

/** RigFaults of host operations behind which the device may stand: the judge decides, not the exception. */
export const DEVICE_MAY_BE_THE_CAUSE: ReadonlySet<string> = new Set([
  "host-write",
  "runtime-pm-wait",
  "mission-mode-wait",
  "module-unload",
  "mhi-gone-wait",
  "pci-wait",
  "suspend-refused",
  "crash-dump-wait",
]);

export interface Refusal {
  readonly action: string;
  readonly why: string;
}

/** Another MHI device of the same host. */
export interface Neighbour {
  readonly family: FamilyProfile;
  readonly address: string;
}

export abstract class RigBase {
  readonly file: RigFile;
  readonly host: HostLink;
  /** As the newest driver knows it. */
  protected readonly deviceFamily: FamilyProfile;
  protected readonly keeper: KeeperClient;
  #actions: TestRecord["actions"] = [];
  #refusals: Refusal[] = [];
  #figures: FigureRecord[] = [];
  #address: string | undefined;

  constructor(file: RigFile, keeper: KeeperClient, host: HostLink) {
    this.file = file;
    this.deviceFamily = familyById(file.kind === "virtual" ? file.profile : file.dut.family);
    this.keeper = keeper;
    this.host = host;
  }

  /** As the driver of the kernel that is up knows it. */
  get family(): FamilyProfile {
    return familyOn(this.deviceFamily, this.host.kernel);
  }

  get actions(): TestRecord["actions"] {
    return this.#actions;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Throughput and loss, as the verbs of this test measured them. */
  get figures(): readonly FigureRecord[] {
    return this.#figures;
  }

  /** A new test begins: what the one before did is not its own. */
  forgetActions(): void {
    this.#actions = [];
    this.#refusals = [];
    this.#figures = [];
  }

  protected measured(figure: FigureRecord): void {
    this.#figures.push(figure);
  }

  /** Whether the family has a channel pair of that name. */
  has = (channel: string): boolean => this.family.channels.some(({ name }) => name === channel);

  /** A driver that waits for its device in probe may use up its time-outs there. */
  protected get probeMs(): number {
    return 30_000 + 2 * (this.family.timeoutMs + this.family.readyTimeoutMs);
  }

  /** How the DUT is found on the host's bus. */
  get selector(): pci.PciSelector {
    if (this.file.kind === "ssh") return pci.selectorOf(this.file.dut);
    if (this.file.beside.length > 0) return { address: addressBehindPort(0) };
    return { vendor: this.family.pci.vendor, device: this.family.pci.device };
  }

  /** PCI address of the DUT; stays known while the device is away. */
  async address(): Promise<string> {
    if (this.#address) return this.#address;
    const found = await pci.findPci(this.host.shell, this.selector);
    if (!found) {
      const id = `${this.family.pci.vendor.toString(16)}:${this.family.pci.device.toString(16).padStart(4, "0")}`;
      throw new RigFault("dut-missing", `no device ${id} on the host's PCI bus: is it plugged in and powered?`);
    }
    this.#address = found.address;
    this.host.dutAddress = found.address;
    return found.address;
  }

  /** Other MHI devices of the host that the rig file names. */
  get neighbours(): readonly Neighbour[] {
    if (this.file.kind !== "virtual") return [];
    return this.file.beside.map((id, index) => ({
      family: familyOn(familyById(id), this.host.kernel),
      address: addressBehindPort(index + 1),
    }));
  }

  /** Name of the DUT's controller: `mhi0`. @throws RigFault `mission-mode-wait` where it has none */
  protected async controller(): Promise<string> {
    const address = await this.address();
    const controller = await mhiControllerOf(this.host.shell, address);
    if (controller) return controller.name;
    throw new RigFault("mission-mode-wait", `${address} has no MHI controller`);
  }

  protected get hasLabClient(): boolean {
    return this.file.kind === "virtual" && this.file.clientModule;
  }

  protected async action<T>(name: string, detail: string, work: () => Promise<T>): Promise<T> {
    const controllerNs = systemClock.monotonicNs();
    await this.host.mark({ phase: "begin", name, detail });
    let error: string | undefined;
    try {
      return await this.host.whileUp(work);
    } catch (thrown) {
      error = describeError(thrown);
      if (!(thrown instanceof HilError) || !DEVICE_MAY_BE_THE_CAUSE.has(thrown.code)) throw thrown;
      this.#refusals.push({ action: name, why: error });
      // Verbs that return a value say "" when they were refused; their test compares it.
      return "" as T;
    } finally {
      await this.host.mark({ phase: "end", name, detail: error === undefined ? "" : "refused" });
      this.#actions.push({
        name,
        controllerNs,
        endControllerNs: systemClock.monotonicNs(),
        ...(detail && { detail }),
        ...(error !== undefined && { error }),
      });
    }
  }
}

/** Root ports are numbered in the order in which the machine has them; each has one bus behind it (qemu-args.ts). */
const addressBehindPort = (index: number): string => `0000:0${index + 1}:00.0`;
