/** Which elements and codes speak of a transfer. Source: parse_xfer_event of drivers/bus/mhi/host/main.c. */
import { CompletionCode, ElementType } from "../../mhi/ring-element.ts";

/**
 * A transfer's completion. It may come over either kind of ring: channels of modems such as DIAG and DUN share the ring of
 * the control events (pci_generic.c), and mhi_process_ctrl_ev_ring handles them there.
 */
export const isTransfer = (elementType: number): boolean =>
  elementType === ElementType.TX_EVENT || elementType === ElementType.RSC_TX_EVENT;

/** Codes that give TREs back; OOB and DB_MODE ask for a doorbell, the others are errors. */
export const completesTre = (code: number): boolean =>
  code === CompletionCode.EOT || code === CompletionCode.EOB || code === CompletionCode.OVERFLOW;
