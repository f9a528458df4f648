/**
 * Text from a device, a trace or a host is not ours: it may hold markup, terminal commands, or characters that turn
 * the reading direction round. Every report passes it through here.
 */

// C0 and C1 controls without tab and newline, then the bidirectional overrides and the invisible marks.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Makes control characters visible (`␛`, `\u202e`), so that nothing acts and nothing hides. Keeps tab and newline. */
export const visible = (text: string): string => text.replace(UNSEEN, picture);

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code); // Unicode's control pictures stand in the same order
  if (code === 0x7f) return "\u2421";
  return unicodeEscape(char);
}

const unicodeEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** For a line of a terminal or a heading: no line breaks either. */
export const oneLine = (text: string): string => visible(text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " "));

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For HTML and XML text and quoted attributes. XML 1.0 forbids most controls and lone surrogates: both are gone. */
export const markup = (text: string): string =>
  visible(wellFormed(text)).replace(/[&<>"'\ufffe\uffff]/g, (char) => ENTITIES[char] ?? "\ufffd");

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Lone surrogates replaced: neither a file nor an address can hold them. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, "\ufffd");

/** JSON for a `<script type="application/json">` block: no `<` in it, so nothing in it can end the block. */
export const jsonBlock = (value: unknown): string =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replace(UNSEEN, unicodeEscape);
