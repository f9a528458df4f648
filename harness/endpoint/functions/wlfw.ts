/**
 * WLFW, the QMI service of WLAN firmware. Behind it would stand copy engines, HAL rings and WMI; this one refuses the
 * first request, so that the driver knows early that there is no WLAN to be had: it stays bound, MHI stays up, and its
 * remove takes the short way (without any QMI, ath11k of 6.12 follows a null pointer there: docs/findings.md).
 * Source: drivers/net/wireless/ath/ath11k/qmi.c, drivers/soc/qcom/qmi_interface.c.
 */
import type { QrtrService } from "./qrtr.ts";

const SERVICE_WLFW = 0x45;
const QMI_REQUEST = 0;
const QMI_RESPONSE = 2;
const HEADER_BYTES = 7;
const TLV_RESULT = 0x02;
const RESULT_FAILURE = 1;
const ERROR_NOT_SUPPORTED = 94;

/** `instance` is the driver's: version in the low byte, its id for the chip above. */
export const wlfw = (instance: number): QrtrService => ({
  service: SERVICE_WLFW,
  instance,
  answer: (payload) => (payload.length >= HEADER_BYTES && payload[0] === QMI_REQUEST ? refuse(payload) : undefined),
});

/** QMI: 0 u8 kind, 1 u16 transaction, 3 u16 message, 5 u16 length, then TLVs (u8 type, u16 length). */
function refuse(request: Buffer): Buffer {
  const answer = Buffer.alloc(HEADER_BYTES + 7);
  request.copy(answer, 1, 1, 5);
  answer.writeUInt8(QMI_RESPONSE, 0);
  answer.writeUInt16LE(7, 5);
  answer.writeUInt8(TLV_RESULT, 7);
  answer.writeUInt16LE(4, 8);
  answer.writeUInt16LE(RESULT_FAILURE, 10);
  answer.writeUInt16LE(ERROR_NOT_SUPPORTED, 12);
  return answer;
}
