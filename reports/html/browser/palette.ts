/** Colours of the canvas: Okabe-Ito hues; each tone has a pattern or its label besides, so that hue never stands alone. */
import type { Tone } from "./track.ts";

export interface Palette {
  readonly ink: string;
  readonly dim: string;
  readonly line: string;
  readonly lane: string;
  readonly paper: string;
  readonly accent: string;
  readonly fail: string;
  readonly failWash: string;
  readonly incon: string;
  readonly inconWash: string;
  readonly gap: string;
  readonly fills: Readonly<Record<Tone, string>>;
  /** Text on the fill. */
  readonly inks: Readonly<Record<Tone, string>>;
}

const LIGHT: Palette = {
  ink: "#1b2330",
  dim: "#5b6675",
  line: "#d9dee6",
  lane: "#f3f5f8",
  paper: "#ffffff",
  accent: "#0b62a8",
  fail: "#b3400a",
  failWash: "rgba(213,94,0,.13)",
  incon: "#7a5a00",
  inconWash: "rgba(230,159,0,.14)",
  gap: "rgba(91,102,117,.42)",
  fills: {
    boot: "#8fcdf0",
    active: "#39b08a",
    idle: "#5b9bd0",
    sleep: "#3b5f94",
    moving: "#f2c063",
    error: "#d55e00",
    down: "#c3cad4",
    plain: "#8794a6",
  },
  inks: {
    boot: "#10202c",
    active: "#06231a",
    idle: "#08192a",
    sleep: "#ffffff",
    moving: "#2b1f00",
    error: "#ffffff",
    down: "#242c38",
    plain: "#ffffff",
  },
};

const DARK: Palette = {
  ...LIGHT,
  ink: "#e2e8f0",
  dim: "#97a3b4",
  line: "#2c3542",
  lane: "#1d242e",
  paper: "#181e26",
  accent: "#6cb6f2",
  fail: "#ff8a4c",
  failWash: "rgba(255,120,40,.17)",
  incon: "#e5b93a",
  inconWash: "rgba(229,185,58,.14)",
  gap: "rgba(151,163,180,.4)",
  fills: { ...LIGHT.fills, down: "#4a5462", plain: "#7d8a9c", sleep: "#4f74ad", active: "#2f9f7b", boot: "#6db5dd" },
  inks: { ...LIGHT.inks, down: "#e2e8f0", plain: "#0f141a" },
};

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Paper is white, whatever the screen is. */
export const palette = (printing: boolean): Palette => (dark.matches && !printing ? DARK : LIGHT);

export const onPaletteChange = (listener: () => void): void => dark.addEventListener("change", listener);

/** Diagonal lines, once for each colour and direction. */
const hatches = new Map<string, CanvasPattern>();
export function hatch(context: CanvasRenderingContext2D, color: string, rising: boolean): CanvasPattern | string {
  const key = `${color} ${rising}`;
  const known = hatches.get(key);
  if (known) return known;
  const size = 8;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  if (!pen) return color;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, rising ? size : 0);
    pen.lineTo(shift + size, rising ? 0 : size);
    pen.stroke();
  }
  const pattern = context.createPattern(tile, "repeat");
  if (pattern) hatches.set(key, pattern);
  return pattern ?? color;
}
