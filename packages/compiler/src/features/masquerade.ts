import { type FirewallRule, formatPrefix } from "@pharos/hoststate";
import type { Feature } from "../contribution.ts";

/** Multicast keeps its source: receivers answer it, and routers never translate it. */
const MULTICAST = { ipv4: "224.0.0.0/4", ipv6: "ff00::/8" } as const;

/**
 * Source translation for bridges with ipMasq: what leaves the bridge's subnet takes the address of the outgoing interface, in the
 * vehicle too, as the CNI bridge plugin's ipMasq does. Between blocks of one bridge on different hosts nothing is translated.
 */
export const masquerade: Feature = ({ vehicle, host }) => {
  const carried = vehicle.bridges.filter((bridge) => host.managed && bridge.ipMasq && bridge.hosts.includes(host.name));
  const rules = carried.flatMap((bridge) =>
    bridge.ranges.map(({ subnet, origin }): FirewallRule => {
      const family = subnet.ip.family === "ipv4" ? "ip" : "ip6";
      const text = formatPrefix(subnet);
      const body = `${family} saddr ${text} ${family} daddr != ${text} ${family} daddr != ${MULTICAST[subnet.ip.family]} masquerade`;
      return { body, origin: `${origin.document.slice(0, 60)} ${bridge.name} ipMasq` };
    }),
  );
  if (rules.length === 0) return { contribution: {}, findings: [] };
  const hook = { type: "nat", hook: "postrouting", priority: 100, policy: "accept" } as const;
  return { contribution: { firewall: [{ kind: "chain", name: "postrouting", hook, rules }] }, findings: [] };
};
