import type { PolicyRule, Route } from "@pharos/hoststate";
import { PHAROS_PROTOCOL } from "../netlink/constants.ts";
import { isRefusal } from "../netlink/netlink-error.ts";
import { decodeRoute, encodeRouteDelete, encodeRouteDump, encodeRouteReplace, type RouteFields } from "../netlink/route-message.ts";
import { encodeRuleAdd, encodeRuleDelete } from "../netlink/rule-message.ts";
import type { NetlinkTransport } from "../netlink/transport.ts";
import { indexOf } from "./link-table.ts";

/** Protocols whose routes we delete: ours, and those of hand-made routes that a document came to name (boot, static). */
const DELETABLE = [PHAROS_PROTOCOL, 3, 4];

/** Adds a route with our mark, in place of what has its destination, table and metric. */
export async function replaceRoute(route: NetlinkTransport, { link, ...fields }: Route): Promise<void> {
  const index = link === undefined ? {} : { index: await indexOf(route, link) };
  await route.request([encodeRouteReplace({ ...fields, ...index, protocol: PHAROS_PROTOCOL })]);
}

/**
 * Deletes a route; one that is missing is deleted already, and one that the kernel or a routing daemon made stays. In a deletion
 * the kernel reads IPv4 metric 0 as any metric, so that case is looked up first.
 */
export async function deleteRoute(route: NetlinkTransport, item: Route): Promise<void> {
  const { destination, table, metric, type } = item;
  if (metric === 0 && !destination.includes(":") && !(await exists(route, item))) return;
  for (const protocol of DELETABLE) {
    const fields: RouteFields = { destination, table, metric, type, protocol };
    try {
      await route.request([encodeRouteDelete(fields)]);
      return;
    } catch (error) {
      if (!isRefusal(error, "ESRCH", "ENOENT", "ENODEV")) throw error;
    }
  }
}

async function exists(route: NetlinkTransport, { destination, table, metric }: Route): Promise<boolean> {
  const replies = await route.dump(encodeRouteDump("ipv4"));
  return replies
    .map(decodeRoute)
    .some(
      (record) =>
        record?.destination === destination && record.table === table && record.metric === metric && DELETABLE.includes(record.protocol),
    );
}

export async function addPolicyRule(route: NetlinkTransport, rule: PolicyRule): Promise<void> {
  try {
    await route.request([encodeRuleAdd({ ...rule, protocol: PHAROS_PROTOCOL })]);
  } catch (error) {
    if (!isRefusal(error, "EEXIST")) throw error;
  }
}

export async function deletePolicyRule(route: NetlinkTransport, rule: PolicyRule): Promise<void> {
  try {
    await route.request([encodeRuleDelete({ ...rule, protocol: PHAROS_PROTOCOL })]);
  } catch (error) {
    if (!isRefusal(error, "ENOENT", "ESRCH")) throw error;
  }
}
