import type { Match, Ports } from "./rule.ts";

/** A match in nft's grammar; empty for one that admits everything. */
export function matchText(match: Match): string {
  if (match.kind === "all") return "";
  if (match.kind === "icmp") return "meta l4proto { icmp, ipv6-icmp }";
  const { transport, sourcePorts, destinationPorts, rtps } = match;
  const ports = [portsText(`${transport} sport`, sourcePorts), portsText(`${transport} dport`, destinationPorts)].filter(
    (text) => text !== "",
  );
  const selectors = ports.length === 0 ? [`meta l4proto ${transport}`] : ports;
  // `RTPS` right behind the eight bytes of the UDP header.
  return [...selectors, ...(rtps ? ["@th,64,32 0x52545053"] : [])].join(" ");
}

function portsText(selector: string, ports: Ports): string {
  if (ports.length === 0) return "";
  return ports.length === 1 ? `${selector} ${ports[0]}` : `${selector} { ${ports.join(", ")} }`;
}
