/**
 * The emulated PCIe device as a whole: configuration space, BAR0 with the MHI device behind it, the way to guest
 * memory, the armed faults, and whether the device is there at all.
 */
import { describeError, RigFault } from "../base/errors.ts";
import { hex } from "../base/hex.ts";
import { type ExecEnv, execEnvName } from "../mhi/exec-env.ts";
import type { FamilyProfile } from "../mhi/families/family.ts";
import { mhiStateName } from "../mhi/mhi-state.ts";
import type { EndpointStatus, SlotPower } from "./control-protocol.ts";
import { FaultBoard } from "./faults/board.ts";
import type { SysErrVia } from "./faults/fault.ts";
import type { DeviceLog } from "./log.ts";
import type { DeviceBus } from "./mhi-device/bus.ts";
import { MhiDevice, type Signalled } from "./mhi-device/device.ts";
import { MhiBar } from "./mhi-device/mhi-bar.ts";
import { PagedMemory } from "./mhi-device/paged-memory.ts";
import { CONFIG_BYTES, ConfigSpace } from "./pci/config-space.ts";
import { MSI_VECTORS, msiData } from "./pci/msi.ts";
import { msiOnly } from "./vfio-user/handlers.ts";
import { Region } from "./vfio-user/message.ts";
import type { Dma, VfioTarget } from "./vfio-user/target.ts";

export interface EndpointOptions {
  readonly family: FamilyProfile;
  readonly log: DeviceLog;
  readonly slotPower: SlotPower;
  /** From power-on or reset to READY, and between the stages of a loaded boot, ms. */
  readonly bootDelayMs: number;
  /** Where the device stands after power-on; the family's own choice when left out. */
  readonly powerOnEe?: ExecEnv;
  /** Log register reads too. */
  readonly logReads?: boolean;
}

export class Endpoint implements VfioTarget {
  slotPower: SlotPower;
  readonly faults: FaultBoard;
  readonly #family: FamilyProfile;
  readonly #log: DeviceLog;
  readonly #logReads: boolean;
  readonly #config: ConfigSpace;
  readonly #mhi: MhiDevice;
  readonly #bar: MhiBar;
  /** BARs without MHI's registers: they hold what is written. */
  readonly #otherBars = new Map<number, PagedMemory>();
  #dma: Dma | undefined;
  #gone = false;
  #connections = 0;
  #interrupts = 0;
  #lostInterrupts = 0;

  constructor(options: EndpointOptions) {
    this.slotPower = options.slotPower;
    this.#family = options.family;
    this.#log = options.log;
    this.#logReads = options.logReads ?? false;
    this.faults = new FaultBoard(
      {
        raiseSysErr: (via) => this.raiseSysErr(via),
        goAway: () => this.goAway("fault"),
        raiseInterrupt: (vector) => void this.#interrupt(vector),
        crashToRddm: () => this.#mhi.crashToRddm(),
        crashWithDump: () => this.#mhi.crashWithDump(),
        restartSubsystem: (dump) => this.#mhi.restartSubsystem(dump),
        showExecEnv: (value) => this.#mhi.showExecEnv(value),
        post: (ring, events) => this.#mhi.post(ring, events),
      },
      options.log,
    );
    this.#config = new ConfigSpace(options.family, {
      functionReset: () => this.#functionReset(),
      powerState: (state) => this.#log("power", `PCI power state D${state}`, { pciPower: `D${state}` }),
      msiControl: (control) => this.#log("config", `MSI control = ${hex(control, 4)}`, { msiControl: control }),
    });
    this.#mhi = new MhiDevice({ ...options, bus: this.#bus(), faults: this.faults });
    const { bars, mhiBar } = options.family.pci;
    this.#bar = new MhiBar(options.family, this.#mhi.registers, () => this.#mhi.coldReset("global reset"));
    for (const [index, bytes] of Object.entries(bars)) {
      if (Number(index) !== mhiBar) this.#otherBars.set(Number(index), new PagedMemory(bytes));
    }
  }

  // ---- vfio-user ----

  regionSize(region: number): number {
    if (region === Region.CONFIG) return CONFIG_BYTES;
    return this.#family.pci.bars[region] ?? 0;
  }

  irqCount(irq: number): number {
    return msiOnly(irq, MSI_VECTORS);
  }

  connected(dma: Dma): void {
    this.#connections += 1;
    this.#dma = dma;
    this.#gone = false;
    this.#powerOn("power on");
  }

  disconnected(): void {
    this.#dma = undefined;
    this.#mhi.powerOff();
    this.#log("power", "power off: the client is gone");
  }

  readRegion(region: number, offset: number, lengthBytes: number): Buffer {
    if (this.#gone) return Buffer.alloc(lengthBytes, 0xff);
    if (region === Region.CONFIG) return this.#config.read(offset, lengthBytes);
    const other = this.#otherBars.get(region);
    if (other) return other.read(offset, lengthBytes);
    const value = this.#bar.read(offset, lengthBytes);
    if (this.#logReads) {
      const name = this.#bar.name(offset);
      this.#log("mmio-read", `${name} -> 0x${Buffer.from(value).reverse().toString("hex")}`, { name });
    }
    return value;
  }

  writeRegion(region: number, offset: number, data: Buffer): void {
    if (this.#gone) return;
    if (region === Region.CONFIG) {
      this.#config.write(offset, data);
      return;
    }
    if (this.#config.powerState !== 0) {
      this.#log("guest-error", `write to BAR${region} offset ${hex(offset)} in D${this.#config.powerState}`);
    }
    (this.#otherBars.get(region) ?? this.#bar).write(offset, data);
  }

  /** DEVICE_RESET: at machine start, at a reboot, and on the way up from S3. */
  reset(): void {
    this.#log("reset", `slot reset by the host, slot power ${this.slotPower}`, { what: "device-reset" });
    if (this.#gone) return;
    if (this.slotPower === "lost") this.#powerOn("slot reset, power lost");
    else this.#mhi.slotResetWithPower();
  }

  // ---- control ----

  raiseSysErr(via: SysErrVia): Signalled {
    if (!this.#dma || this.#gone) return { signalled: false, why: this.#gone ? "the device is gone" : "power is off" };
    this.#log("power", `SYS_ERR, told by ${via}`, { via });
    return this.#mhi.raiseSysErr(via);
  }

  requestLowPower(): Signalled {
    return this.#dma && !this.#gone
      ? this.#mhi.requestLowPower()
      : { signalled: false, why: "the device is not there" };
  }

  /**
   * Asleep in D3hot, the device asks to be woken. vfio-user carries no PME message; the host's PCI core finds the status bit
   * when it polls, each second (pci_pme_list_scan, drivers/pci/pci.c).
   */
  requestWake(): Signalled {
    if (!this.#dma || this.#gone) return { signalled: false, why: "the device is not there" };
    const signalled = this.#config.assertPme();
    this.#log("power", signalled ? "PME: asks to be woken" : "asks to be woken, but PME is not enabled", {
      pme: signalled,
    });
    return signalled ? { signalled } : { signalled, why: "not in D3hot with PME enabled by the host" };
  }

  /** Falls off the bus: reads are all ones, writes go nowhere, no DMA, no interrupts. */
  goAway(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#mhi.powerOff();
    this.#log("power", `device gone: ${why}`, { gone: true });
  }

  /**
   * Answers again, rebooted. Its configuration space is as it was: with that cleared too, the host's driver could not
   * reach the BAR (it had no chance to save its state), and only a re-plug or rescan would help.
   */
  comeBack(): void {
    if (!this.#gone) return;
    this.#gone = false;
    this.#log("power", "device back", { gone: false });
    if (this.#dma) this.#mhi.coldReset("device back");
  }

  status(): EndpointStatus {
    return {
      profile: this.#family.id,
      mhiState: mhiStateName(this.#mhi.state),
      execEnv: execEnvName(this.#mhi.execEnv),
      pciPower: `D${this.#config.powerState}`,
      connected: this.#dma !== undefined,
      gone: this.#gone,
      slotPower: this.slotPower,
      faults: this.faults.list().filter((fault) => fault.armed),
      counters: {
        ...this.#mhi.counters,
        connections: this.#connections,
        interrupts: this.#interrupts,
        lostInterrupts: this.#lostInterrupts,
      },
    };
  }

  // ---- inside ----

  #powerOn(why: string): void {
    this.#config.reset();
    this.#bar.powerOn();
    for (const bar of this.#otherBars.values()) bar.clear();
    this.#mhi.coldReset(why);
  }

  #functionReset(): void {
    this.#log("reset", "function-level reset", { what: "flr" });
    this.#powerOn("function-level reset");
  }

  #bus(): DeviceBus {
    return {
      read: async (address, lengthBytes) => this.#requireDma(address).read(address, lengthBytes),
      write: async (address, data) => this.#requireDma(address).write(address, data),
      interrupt: (vector) => this.#interrupt(vector),
      cancelAll: (reason) => this.#dma?.cancelAll(reason),
    };
  }

  #requireDma(address: bigint): Dma {
    if (!this.#dma || this.#gone) throw new RigFault("dma-cancelled", "the device has no power or is gone");
    if (!this.#config.busMaster) {
      throw new RigFault("dma-refused", `access to ${hex(address)} while the host has bus mastering off`);
    }
    return this.#dma;
  }

  /** A message-signalled interrupt is a 4-byte write of the MSI data to the MSI address. */
  async #interrupt(vector: number): Promise<boolean> {
    const { msi } = this.#config;
    if (!this.#dma || this.#gone || !msi.enabled || !this.#config.busMaster) {
      this.#lostInterrupts += 1;
      this.#log("msi", `vector ${vector} lost: the host has it disabled`, { vector, lost: true });
      return false;
    }
    if (this.faults.loseInterrupt(vector)) return false;
    const data = Buffer.alloc(4);
    data.writeUInt32LE(msiData(msi, vector));
    this.#interrupts += 1;
    this.#log("msi", `vector ${vector}`, { vector });
    try {
      await this.#dma.write(msi.address, data);
      return true;
    } catch (error) {
      this.#log("msi", `vector ${vector} lost: ${describeError(error)}`, { vector, lost: true });
      return false;
    }
  }
}
