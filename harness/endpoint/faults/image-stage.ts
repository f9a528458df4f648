/** What a boot loader does to an image, good as it may be. A missing or broken image is the host's side: the rig stages it. */
export const STAGE = {
  kind: "one-of",
  values: ["bhi", "bhie", "sahara"],
  default: "bhi",
  about:
    "bhi: the boot loader's image; bhie: the segments of a full boot chain; sahara: what the second loader asks for",
} as const;
