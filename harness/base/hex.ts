/** `0x0501`: a register value at its natural width. */
export const hex = (value: number | bigint, digits = 0): string => `0x${value.toString(16).padStart(digits, "0")}`;

/** Bytes as `00 01 ff`, at most `limit` of them. */
export function hexDump(bytes: Uint8Array, limit = 32): string {
  const shown = Array.from(bytes.subarray(0, limit), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > limit ? `${shown} ... (${bytes.length} bytes)` : shown;
}
