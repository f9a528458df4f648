/** PCI Express capability of an endpoint, version 2, with function-level reset (PCIe base 3.0, section 7.8). */
import type { ConfigBuilder } from "./config-space.ts";

const AT = 0x70;
const ROLE_BASED_ERRORS = 1 << 15;
const CAPABLE_FLR = 1 << 28;
const GEN3_X1 = 0x13;
const GEN1_X1 = 0x11;

export const DEVCTL = AT + 0x08;
/** Reads as 0. */
export const DEVCTL_FLR = 0x8000;

export function addExpressCapability(config: ConfigBuilder): void {
  config.set8(AT, 0x10);
  config.set8(AT + 1, 0);
  config.set16(AT + 0x02, 0x0002); // version 2, endpoint
  config.set32(AT + 0x04, (ROLE_BASED_ERRORS | CAPABLE_FLR) >>> 0); // 128-byte payload
  config.set16(DEVCTL, 0x2810, 0x7fff);
  config.set16(AT + 0x0a, 0, 0, 0x000f); // device status: errors
  config.set32(AT + 0x0c, GEN3_X1);
  config.set16(AT + 0x10, 0, 0x01fb); // link control
  config.set16(AT + 0x12, GEN1_X1);
  config.set16(AT + 0x28, 0, 0x041f); // device control 2
  config.set16(AT + 0x30, 3, 0x000f); // link control 2: target speed
}
