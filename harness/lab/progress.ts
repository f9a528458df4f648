/** What the lab is doing, for a person who waits: one phase at a time, with sizes where there are any. */
export interface Progress {
  readonly phase: "packages" | "build" | "image" | "probe" | "boot";
  readonly message: string;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
}

export type OnProgress = (progress: Progress) => void;
