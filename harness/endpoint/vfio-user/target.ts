/** What stands behind a vfio-user server: a PCI device. */

/** Access to guest memory, through messages to the client. Addresses are what the guest's driver programmed. */
export interface Dma {
  /** @throws RigFault `dma-refused` (address decodes to nothing) or `dma-cancelled` (reset, disconnect). */
  read(address: bigint, lengthBytes: number): Promise<Buffer>;
  /** Writes issued one after another land in that order, also without waiting in between. */
  write(address: bigint, data: Uint8Array): Promise<void>;
  /** Forgets all that is under way: the promises fail with `dma-cancelled`, late answers are dropped. */
  cancelAll(reason: string): void;
}

export interface VfioTarget {
  /** Size of a region, bytes; 0 = there is none. */
  regionSize(region: number): number;
  /** Vectors of an interrupt kind. */
  irqCount(irq: number): number;
  /** A client has connected: power is on. */
  connected(dma: Dma): void;
  disconnected(): void;
  /** `offset` and `lengthBytes` lie inside the region. Answers at once; never throws. */
  readRegion(region: number, offset: number, lengthBytes: number): Buffer;
  writeRegion(region: number, offset: number, data: Buffer): void;
  /** DEVICE_RESET: at machine start and on the way up from S3. */
  reset(): void;
}
