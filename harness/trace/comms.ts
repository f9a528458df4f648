/** Text of `saved_cmdlines`: `pid comm` a line; the comm may hold spaces. */
export function parseComms(text: string): Map<number, string> {
  const comms = new Map<number, string>();
  for (const [, pid = "", comm = ""] of text.matchAll(/^ *(\d+) (.*)$/gm)) comms.set(Number(pid), comm);
  return comms;
}
