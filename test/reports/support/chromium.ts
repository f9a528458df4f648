import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** A browser of this machine: `MHI_HIL_CHROMIUM`, the distribution's, or the one that Playwright fetched. */
export function findChromium(): string | undefined {
  const named = process.env.MHI_HIL_CHROMIUM;
  if (named !== undefined) return named;
  return [...PLACES, chromium.executablePath()].find((path) => existsSync(path));
}
