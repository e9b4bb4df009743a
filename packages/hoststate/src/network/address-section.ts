import { formatPrefix, parsePrefix } from "../prefix.ts";
import type { Section } from "../section.ts";
import type { Address } from "./addresses.ts";

function canonical(address: string): string {
  const prefix = parsePrefix(address);
  return prefix === undefined ? address : formatPrefix(prefix);
}

/** Addresses by link and address; an address has no other fields, so there is nothing to update. */
export const addressSection: Section<Address> = {
  key: ({ link, address }) => `${link} ${canonical(address)}`,
  equal: () => true,
  steps: (changes) => [
    ...changes.flatMap((change) => (change.kind === "delete" ? [] : [{ kind: "address.add", address: change.desired } as const])),
    ...changes.flatMap((change) => (change.kind === "delete" ? [{ kind: "address.delete", address: change.observed } as const] : [])),
  ],
  text: ({ link, address }) => [`${address} on ${link}`],
};
