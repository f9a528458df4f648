/** Heights and fonts of the axis. From top to bottom: overview, ruler, titles of the findings, lanes. */
import type { Model } from "./model.ts";

export const OVERVIEW = 20;
export const RULER = 24;
const FINDINGS = 22;
export const TOP = OVERVIEW + RULER + FINDINGS;
const FOOT = 6;

const FAMILY = 'system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif';
export const FONT = `12px ${FAMILY}`;
export const SMALL = `10.5px ${FAMILY}`;

export const heightOf = (model: Model): number => TOP + model.lanes.reduce((sum, lane) => sum + lane.height, 0) + FOOT;
