import type { DocumentSet } from "../documents.ts";
import { buildVehicle } from "./build.ts";

/** A host with an agent, as the operator needs to know it before a revision is there. */
export interface HostOutline {
  readonly name: string;
  /** Kernel names of interfaces that take their address by DHCP. */
  readonly dhcpInterfaces: readonly string[];
}

/** The managed hosts that documents describe, in document order; none without exactly one Node document. */
export function outlineHosts(documents: Pick<DocumentSet, "nodes" | "bridges">): readonly HostOutline[] {
  const hosts = buildVehicle({ documents }).value?.hosts ?? [];
  return hosts
    .filter((host) => host.managed)
    .map((host) => ({ name: host.name, dhcpInterfaces: host.interfaces.filter((intf) => intf.type === "dhcp").map((intf) => intf.name) }));
}
