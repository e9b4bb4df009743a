import type { ObservedLink } from "../kernel.ts";
import { isRefusal } from "../netlink/netlink-error.ts";
import { decodeSetElements, elementText, encodeSetElementDump, type SetElement } from "../netlink/set-element-message.ts";
import { type NetlinkTransport, openTransport } from "../netlink/transport.ts";
import type { LinuxContext } from "./context.ts";
import { listLinks } from "./link-table.ts";

const NETLINK_NETFILTER = 12;

/** All links of the namespace. */
export async function linksSeen({ route }: LinuxContext): Promise<readonly ObservedLink[]> {
  const table = await listLinks(route);
  return [...table.values()].map(({ name, up, master, alias }) => {
    const bridge = master === undefined ? undefined : table.get(master)?.name;
    return { name, up, ...(bridge === undefined ? {} : { master: bridge }), ...(alias === undefined ? {} : { alias }) };
  });
}

/** Those elements that the kernel does not have. One listing for each set that is named. */
export async function elementsMissing({ inside }: LinuxContext, elements: readonly SetElement[]): Promise<readonly SetElement[]> {
  if (elements.length === 0) return [];
  const netfilter = inside(() => openTransport(NETLINK_NETFILTER));
  try {
    const missing: SetElement[] = [];
    for (const ofSet of Map.groupBy(elements, ({ table, set }) => `${table} ${set}`).values()) {
      const present = await elementsIn(netfilter, ofSet[0]);
      missing.push(...ofSet.filter((element) => !present.has(elementText(element))));
    }
    return missing;
  } finally {
    netfilter.close();
  }
}

async function elementsIn(netfilter: NetlinkTransport, set: SetElement | undefined): Promise<ReadonlySet<string>> {
  if (set === undefined) return new Set();
  try {
    return new Set((await netfilter.dump(encodeSetElementDump(set))).flatMap(decodeSetElements));
  } catch (error) {
    if (isRefusal(error, "ENOENT")) return new Set();
    throw error;
  }
}
