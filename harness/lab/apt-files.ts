/** The texts of the private apt folder. */
import { BACKPORTED_SOURCES, BACKPORTS_SUITE } from "./package-list.ts";

export const sourcesList = (mirror: string, keyring: string, suites: readonly string[]): string =>
  suites.map((suite) => `deb [arch=amd64 signed-by=${keyring}] ${mirror} ${suite} main\n`).join("");

/** Backports rank below the release itself unless a pin lifts them. */
export const pinFile = (): string =>
  `Package: ${BACKPORTED_SOURCES.map((source) => `src:${source}`).join(" ")}\nPin: release n=${BACKPORTS_SUITE}\nPin-Priority: 600\n`;

/** A dpkg status of one package that stands for everything in `notNeeded`. */
export const statusFile = (notNeeded: readonly string[]): string =>
  [
    "Package: mhi-hil-not-needed",
    "Status: install ok installed",
    "Priority: optional",
    "Section: misc",
    "Maintainer: mhi-hil <root@localhost>",
    "Architecture: all",
    "Version: 1",
    // A high version, so that every versioned dependency on them is met.
    `Provides: ${notNeeded.map((name) => `${name} (= 9999)`).join(", ")}`,
    "Description: dependencies that the lab does not use",
    "",
    "",
  ].join("\n");

export interface AptConfigInput {
  readonly dir: string;
  /** Lines of `apt-config dump`. */
  readonly acquire: readonly string[];
  readonly netrc: string | undefined;
  readonly netrcParts: string | undefined;
}

/** Read through APT_CONFIG, which apt reads before it looks into `Dir::Etc`: the machine's own files are never opened. */
export const aptConfig = ({ dir, acquire, netrc, netrcParts }: AptConfigInput): string =>
  [
    ...acquire,
    `Dir "${dir}/";`,
    `Dir::State::status "${dir}/var/lib/dpkg/status";`,
    ...(netrc === undefined ? [] : [`Dir::Etc::netrc "${netrc}";`]),
    ...(netrcParts === undefined ? [] : [`Dir::Etc::netrcparts "${netrcParts}";`]),
    'APT::Architecture "amd64";',
    'APT::Architectures "";',
    'APT::Architectures:: "amd64";',
    // apt as root would hand downloads to the user _apt, who cannot write here.
    'APT::Sandbox::User "";',
    'APT::Install-Recommends "false";',
    'APT::Install-Suggests "false";',
    'APT::Keep-Downloaded-Packages "true";',
    'Acquire::Languages "none";',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    "",
  ].join("\n");
