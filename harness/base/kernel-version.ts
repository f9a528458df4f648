/** Versions of Linux, of which only the first two numbers count: `6.12` of `6.12.117+deb13-amd64`. */

/** Whether a kernel is that version or newer. One that is not known counts as new. */
export function kernelAtLeast(release: string | undefined, version: string): boolean {
  const [major, minor] = versionOf(release ?? "");
  const [wantedMajor, wantedMinor] = versionOf(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function versionOf(release: string): [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return major === undefined ? [Number.POSITIVE_INFINITY, 0] : [Number(major), Number(minor)];
}
