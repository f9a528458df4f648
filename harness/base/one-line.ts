/**
 * Text from outside as part of a message: control characters as escapes (`\n`, `\u0000`), so that a message stays one line, and
 * cut to `most` characters.
 */
export const oneLine = (text: string, most = 120): string =>
  JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("\\\\", "\\");
