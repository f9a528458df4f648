/**
 * apt's error output, as one sentence that says which step failed and what to do. apt's exit code is 100 for nearly
 * everything, so the text decides; its own last error line is kept, because it names the server and the file.
 */
import { RigFault } from "../base/errors.ts";

export type AptStep = "read the package lists" | "resolve the packages" | "download the packages";

interface Rule {
  readonly code: string;
  readonly pattern: RegExp;
  readonly sentence: string;
}

const MIRROR_HINT = "check the network, apt's proxy settings, or name a mirror with MHI_HIL_DEBIAN_MIRROR";

/** First match wins, so the specific reasons stand above the general "Failed to fetch". */
const RULES: readonly Rule[] = [
  {
    code: "no-space",
    pattern: /No space left on device|don't have enough free space|write error|Disk quota exceeded/i,
    sentence: "the cache folder's file system is full; free some space, or set XDG_CACHE_HOME to a folder with more",
  },
  {
    code: "package-hash",
    pattern: /Hash Sum mismatch|unexpected size|Hashes of (expected|received) file/i,
    sentence: "what the mirror sent has not the hash that its signed package list gives; try again, or another mirror",
  },
  {
    code: "keyring-missing",
    pattern: /The key\(s\) in the keyring .* are ignored|keyring .* (does not exist|is not readable)/i,
    sentence: "the Debian archive keyring cannot be read; install the package debian-archive-keyring",
  },
  {
    code: "mirror-signature",
    pattern: /NO_PUBKEY|EXPKEYSIG|BADSIG|is not signed|couldn't be verified|signature verification|Missing key/i,
    sentence:
      "the mirror's signature could not be verified; update the package debian-archive-keyring, or use another mirror",
  },
  {
    code: "mirror-clock",
    pattern: /not valid yet|is expired|Release file .* expired/i,
    sentence: "the mirror's release file is out of date or from the future; check this machine's clock and the mirror",
  },
  {
    code: "mirror-unreachable",
    pattern:
      /Temporary failure resolving|Could not resolve|Could not connect|Connection (refused|timed out|failed|reset)|Unable to connect|Network is unreachable|No route to host|TLS|SSL/i,
    sentence: `the mirror cannot be reached; ${MIRROR_HINT}`,
  },
  {
    code: "mirror-incomplete",
    pattern: /does not have a Release file|404 +Not Found|403 +Forbidden|File not found/i,
    sentence: `the mirror does not have what is needed (trixie and trixie-backports, main); ${MIRROR_HINT}`,
  },
  {
    code: "package-missing",
    pattern: /Unable to locate package|no installation candidate|unmet dependencies|Unable to correct problems/i,
    sentence: "the mirror's package lists do not have all packages that the lab needs; use a complete mirror",
  },
  {
    code: "mirror-unreachable",
    pattern: /Failed to fetch|Some index files failed/i,
    sentence: `the mirror did not deliver; ${MIRROR_HINT}`,
  },
];

/** apt's own last `E:` line, else the last `Err:` or `W:`, else the last line at all, without its prefix. */
export function lastAptError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const last = (prefix: RegExp) => lines.filter((line) => prefix.test(line)).at(-1);
  // "Some index files failed to download" only repeats that something failed; the line before says what.
  const telling = lines.filter(
    (line) => /^E:/.test(line) && !/Some index files failed|Unable to fetch some/.test(line),
  );
  const line =
    telling.at(-1) ?? last(/^W:/) ?? last(/^E:/) ?? lines.filter((text) => text !== "").at(-1) ?? "no output";
  return line.replace(/^[EW]: */, "");
}

export function aptFault(step: AptStep, output: string, code: number | null): RigFault {
  const rule = RULES.find((candidate) => candidate.pattern.test(output));
  const sentence = rule?.sentence ?? `apt-get ended with ${code === null ? "a signal" : `exit code ${code}`}`;
  return new RigFault(rule?.code ?? "apt-failed", `could not ${step}: ${sentence}. apt said: ${lastAptError(output)}`, {
    values: { step, exitCode: code ?? undefined },
  });
}
