import type { CodeEntry } from "@pharos/base";

/** Error codes of the firewall section, PHAROS-1320 to 1329. */
export const FIREWALL_CODES = {
  refused: {
    code: "PHAROS-1320",
    title: "a firewall object is outside the grammar that Pharos writes",
    action: "This is a defect of the feature that made the object; report it with the object's text.",
  },
} as const satisfies Record<string, CodeEntry>;
