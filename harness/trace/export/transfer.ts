/** Which elements and codes speak of a transfer. Source: parse_xfer_event of drivers/bus/mhi/host/main.c. */
import { CompletionCode, ElementType } from "../../mhi/ring-element.ts";

export const isTransfer = (elementType: number): boolean =>
  elementType === ElementType.TX_EVENT || elementType === ElementType.RSC_TX_EVENT;

/** Codes that give TREs back; OOB and DB_MODE ask for a doorbell, the others are errors. */
export const completesTre = (code: number): boolean =>
  code === CompletionCode.EOT || code === CompletionCode.EOB || code === CompletionCode.OVERFLOW;
