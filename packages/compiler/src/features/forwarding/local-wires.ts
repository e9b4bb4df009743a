import { type FirewallChain, type FirewallObject, type FirewallRule, formatPrefix, networkOf, type Prefix } from "@pharos/hoststate";
import type { PlacedBridge } from "../../vehicle/model.ts";
import { FAMILIES, type ForwardingContext, originText } from "./context.ts";
import { dropStatement } from "./verdicts.ts";

/** Multicast, and the limited broadcast of IPv4 (RFC 919). */
const GROUPS = { ipv4: ["224.0.0.0/4", "255.255.255.255"], ipv6: ["ff00::/8"] } as const;

/**
 * Rules about sources on a bridge of this host. A source inside the local block of a pod bridge has to come in by that bridge,
 * else it is spoofed. What a bridge itself carries from port to port (it passes here only if the bridge calls the firewall, and
 * then comes in and goes out by the same bridge) is inside one bridge and passes, to host addresses and groups too.
 */
export function localWires(context: ForwardingContext): {
  readonly rules: readonly FirewallRule[];
  readonly objects: readonly FirewallObject[];
} {
  const local = context.vehicle.bridges.filter((bridge) => bridge.hosts.includes(context.host.name));
  const rules: FirewallRule[] = [];
  const objects: FirewallObject[] = local.map((bridge) => wireChain(context, bridge));
  for (const { family, ip, suffix, type } of FAMILIES) {
    const elements = local.flatMap((bridge) => {
      const blocks = localBlocks(context, bridge).filter((block) => block.ip.family === family);
      return blocks.map((block) => ({ key: formatPrefix(block), value: `jump ${chainName(bridge)}` }));
    });
    if (elements.length === 0) continue;
    const name = `local-wires-${suffix}`;
    objects.push({ kind: "map", name, keyType: type, valueType: "verdict", interval: true, elements });
    rules.push({ body: `${ip} saddr vmap @${name}`, origin: originText(`bridges of ${context.host.name}`) });
  }
  return { rules, objects };
}

function chainName(bridge: PlacedBridge): string {
  return `wire-${bridge.name}`;
}

function localBlocks(context: ForwardingContext, bridge: PlacedBridge): readonly Prefix[] {
  const blocks = bridge.ranges.flatMap((range) => range.blocks);
  return blocks.filter((block) => block.host === context.host.name).map((block) => networkOf(block.block));
}

function wireChain(context: ForwardingContext, bridge: PlacedBridge): FirewallChain {
  const document = bridge.origin.document;
  const spoofed = { body: `iifname != "${bridge.name}" ${dropStatement(context)}`, origin: originText(`spoofed source ${document}`) };
  const inside = FAMILIES.flatMap(({ family, ip }) => {
    const blocks = localBlocks(context, bridge).filter((block) => block.ip.family === family);
    if (blocks.length === 0) return [];
    const targets = [...blocks.map(formatPrefix), ...GROUPS[family]].join(", ");
    const body = `iifname "${bridge.name}" oifname "${bridge.name}" ${ip} daddr { ${targets} } accept`;
    return [{ body, origin: originText(`inside one bridge ${document}`) }];
  });
  return { kind: "chain", name: chainName(bridge), rules: [...(bridge.bridgeFor === "pod" ? [spoofed] : []), ...inside] };
}
