import { containsIp, type Ip, sameIp } from "@pharos/hoststate";
import { WORLD, type Zone } from "./zone.ts";

/**
 * The zones that hold `ip`, most specific first: a host's address is its interface's and its host's and never a bridge's; else the
 * bridges whose prefixes hold it; else `world` and what lies beyond each uplink (which host can use which uplink is the caller's
 * question). One address at a time and by plain search: the meaning that `partition` has to agree with.
 */
export function zonesOfAddress(zones: readonly Zone[], ip: Ip): readonly Zone[] {
  const holds = (zone: Zone): boolean =>
    (zone.kind === "host" || zone.kind === "interface") && zone.addresses.some((address) => sameIp(address, ip));
  const owners = [
    ...zones.filter((zone) => zone.kind === "interface" && holds(zone)),
    ...zones.filter((zone) => zone.kind === "host" && holds(zone)),
  ];
  if (owners.length > 0) return owners;
  const bridges = zones.filter((zone) => zone.kind === "bridge" && zone.prefixes.some((prefix) => containsIp(prefix, ip)));
  if (bridges.length > 0) return bridges;
  return [...zones.filter((zone) => zone.kind === "interface" && zone.uplink), WORLD];
}

/** True when Pharos is answerable for an address in `zones`: a bridge's, or one of a host with an agent. */
export function isManaged(zones: readonly Zone[]): boolean {
  return zones.some((zone) => zone.kind === "bridge" || (zone.kind === "host" && zone.managed));
}
