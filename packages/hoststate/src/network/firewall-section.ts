import type { Section } from "../section.ts";
import type { FirewallObject } from "./firewall.ts";

/** Placeholder until the firewall section is written: tells differences and makes no steps. */
export const firewallSection: Section<FirewallObject> = {
  key: ({ kind, name }) => `${kind} ${name}`,
  equal: (observed, desired) => JSON.stringify(observed) === JSON.stringify(desired),
  steps: () => [],
  text: ({ kind, name }) => [`${kind} ${name}`],
};
