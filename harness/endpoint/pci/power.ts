/** PCI power management capability (PCI PM 1.2, section 3). */
import type { ConfigBuilder } from "./config-space.ts";

const AT = 0x40;
const NEXT = 0x50;
const VERSION_3 = 0x0003;
/** PME from D0, D3hot and D3cold, as an SDX55 shows; D3hot is what makes runtime PM possible in pci_generic. */
const PME_SUPPORT = 0xc800;

export const PMCSR = AT + 4;
export const PMCSR_STATE = 0x0003;
/** D3hot to D0 keeps the configuration: without it every runtime resume would be a reset. */
const NO_SOFT_RESET = 0x0008;
export const PMCSR_PME_ENABLE = 0x0100;
/** Write-1-to-clear. Kept as a plain bit, the PCI core's PME poll resumes the device a second after each suspend. */
export const PMCSR_PME_STATUS = 0x8000;

export function addPowerCapability(config: ConfigBuilder): void {
  config.set8(AT, 0x01);
  config.set8(AT + 1, NEXT);
  config.set16(AT + 2, VERSION_3 | PME_SUPPORT);
  config.set16(PMCSR, NO_SOFT_RESET, PMCSR_STATE | PMCSR_PME_ENABLE, PMCSR_PME_STATUS);
}
