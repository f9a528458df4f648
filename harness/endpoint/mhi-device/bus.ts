/**
 * The device's way out: bus-master accesses and interrupts. Behind it stand the client's DMA messages, the bus-master
 * bit, and whether the device is there at all.
 */
export interface DeviceBus {
  /** @throws RigFault `dma-refused` or `dma-cancelled`. */
  read(address: bigint, lengthBytes: number): Promise<Buffer>;
  /** Writes and interrupts land in the order in which they were issued, also without waiting in between. */
  write(address: bigint, data: Uint8Array): Promise<void>;
  /** Raises an MSI vector; false where the host has interrupts disabled (the interrupt is lost, as on silicon). */
  interrupt(vector: number): Promise<boolean>;
  /** Fails all accesses that are under way: power went, or the host reset the device. */
  cancelAll(reason: string): void;
}
