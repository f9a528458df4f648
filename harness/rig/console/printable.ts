/** Console bytes come from a machine that may be dying: nothing of them may reach a terminal or a report as it is. */

// ECMA-48: CSI (ESC [ ... final), OSC (ESC ] ... BEL or ST), two-byte escapes with intermediates.
const ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g;
// C0, DEL, C1, and the bidirectional controls that can make a line read otherwise than it is.
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Escape sequences taken out, other control characters shown as `\x07`; tab stays. */
export const toPrintable = (text: string): string =>
  text.replace(ESCAPES, "").replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
