import type { Finding } from "@pharos/base";
import { type Ip, type Prefix, parseIp, parsePrefix } from "@pharos/hoststate";
import type { Node, NodeCloudInterface, NodeInterface } from "@pharos/kinds";
import { ADDRESS_UNREADABLE } from "../codes.ts";
import type { RevisionContent } from "../documents.ts";
import { found } from "../found.ts";
import type { Host, HostInterface, Origin } from "./model.ts";
import { qualifiedName } from "./names.ts";

type Leases = RevisionContent["leases"];

export interface ReadHosts {
  /** SoCs, each followed by its VMs, in document order. */
  readonly hosts: readonly Host[];
  readonly cloud: readonly Host[];
  readonly findings: readonly Finding[];
}

/** Flattens the vehicle tree. Interfaces get the segment that they declare, else (for now) the text of their subnet. */
export function readHosts(node: Node, leases: Leases): ReadHosts {
  const findings: Finding[] = [];
  const document = `Node/${node.metadata.name}`;
  const at = (path: string): Origin => ({ document, path });
  const read = (host: Omit<Host, "interfaces">, interfaces: readonly NodeInterface[] | undefined): Host => ({
    ...host,
    interfaces: (interfaces ?? []).map((declared, index) =>
      readInterface({ host, declared, at: at(`${host.origin.path}.interfaces[${index}]`), leases, findings }),
    ),
  });
  const hosts = node.spec.socs.flatMap((soc, socIndex) => {
    const path = `spec.socs[${socIndex}]`;
    const managed = soc.managed;
    const vms = (soc.vms ?? []).map((vm, index) =>
      read({ name: vm.name, kind: "vm", parent: soc.name, managed: vm.managed, origin: at(`${path}.vms[${index}]`) }, vm.interfaces),
    );
    return [read({ name: soc.name, kind: "soc", managed, origin: at(path) }, soc.interfaces), ...vms];
  });
  const cloud = (node.spec.cloud ?? []).map((host, index) =>
    read({ name: host.name, kind: "cloud", managed: false, origin: at(`spec.cloud[${index}]`) }, host.interfaces?.map(cloudInterface)),
  );
  return { hosts, cloud, findings };
}

/** A cloud VM's interface in the form of a host's. Nobody configures it from here. */
function cloudInterface(declared: NodeCloudInterface): NodeInterface {
  return { ...declared, type: "static", uplink: false, managed: false, takeover: false };
}

interface InterfaceInput {
  readonly host: Omit<Host, "interfaces">;
  readonly declared: NodeInterface;
  readonly at: Origin;
  readonly leases: Leases;
  readonly findings: Finding[];
}

function readInterface({ host, declared, at, leases, findings }: InterfaceInput): HostInterface {
  const { type } = declared;
  const lease = leases.find((known) => known.host === host.name && known.interface === declared.name)?.address;
  const written = type === "dhcp" ? (lease ?? declared.address) : declared.address;
  const address = readPrefix(written, { at, field: "address" }, findings);
  const gateway = readIp(declared.gateway, { at, field: "gateway" }, findings);
  const name = qualifiedName(host.name, declared.name);
  return {
    host: host.name,
    name: declared.name,
    qualifiedName: name,
    type,
    ...(address === undefined ? {} : { address }),
    ...(address === undefined && written !== undefined ? { addressUnreadable: true } : {}),
    ...(gateway === undefined ? {} : { gateway }),
    nameservers: declared.dns?.nameservers ?? [],
    segment: declared.segment ?? "",
    uplink: declared.uplink,
    managed: host.managed && declared.managed,
    takeover: declared.takeover,
    ...(declared.mtu === undefined ? {} : { mtu: declared.mtu }),
    origin: at,
  };
}

interface Field {
  readonly at: Origin;
  readonly field: string;
}

/** Reads `10.1.0.2/24`; absent gives undefined, nonsense gives undefined and a finding. */
export function readPrefix(text: string | undefined, where: Field, findings: Finding[]): Prefix | undefined {
  if (text === undefined) return undefined;
  const prefix = parsePrefix(text);
  if (prefix === undefined) findings.push(unreadable(text, where, "an address with a prefix length, such as 10.1.0.2/24"));
  return prefix;
}

/** Reads `10.1.0.2`; absent gives undefined, nonsense gives undefined and a finding. */
export function readIp(text: string | undefined, where: Field, findings: Finding[]): Ip | undefined {
  if (text === undefined) return undefined;
  const ip = parseIp(text);
  if (ip === undefined) findings.push(unreadable(text, where, "an address, such as 10.1.0.1"));
  return ip;
}

function unreadable(text: string, where: Field, wanted: string): Finding {
  return found({ code: ADDRESS_UNREADABLE, ...where, says: `${JSON.stringify(text.slice(0, 80))} is not ${wanted}` });
}
