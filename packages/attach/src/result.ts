import type { Attachment } from "./attachment.ts";
import type { Dns } from "./dns.ts";
import type { PodRoute } from "./pod-routes.ts";

/** Versions of the CNI specification that the plugin speaks, oldest first. */
export const CNI_VERSIONS = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

export function isCniVersion(text: string): text is CniVersion {
  return CNI_VERSIONS.some((version) => version === text);
}

/** An interface in a CNI result. `mtu` since 1.1.0. */
interface ResultInterface {
  readonly name: string;
  readonly mac: string;
  readonly mtu?: number;
  readonly sandbox?: string;
}

/** An address in a CNI result. `version` only before 1.0.0. `interface` is an index into `interfaces`. */
interface ResultAddress {
  readonly version?: "4" | "6";
  readonly address: string;
  readonly gateway?: string;
  readonly interface: number;
}

/** The success result of ADD (CNI specification, "ADD Success"). */
export interface CniResult {
  readonly cniVersion: CniVersion;
  readonly interfaces: readonly ResultInterface[];
  readonly ips: readonly ResultAddress[];
  readonly routes: readonly PodRoute[];
  readonly dns: Dns;
}

/** What the kernel said about the links of an attachment. */
export interface AttachedLinks {
  readonly bridgeMac: string;
  readonly hostMac: string;
  /** Bytes. */
  readonly mtu: number;
}

/** An interface of a pod that stands. */
export interface Attached {
  readonly attachment: Attachment;
  readonly links: AttachedLinks;
}

const POD_END = 2;
const LINKS_EACH = 3;

/**
 * The result in the shape of `version`: for each interface of the pod its bridge, the host's end and the pod's end, in this order.
 * Only the primary interface tells its gateway: a runtime may make a default route of it. `netns`: path of the pod's namespace.
 */
export function resultOf(
  version: CniVersion,
  attached: readonly Attached[],
  { netns, dns }: { readonly netns: string; readonly dns: Dns },
): CniResult {
  return {
    cniVersion: version,
    interfaces: attached.flatMap(({ attachment, links }) => {
      const mtu = version === "1.1.0" ? { mtu: links.mtu } : {};
      return [
        { name: attachment.bridge.name, mac: links.bridgeMac, ...mtu },
        { name: attachment.hostName, mac: links.hostMac, ...mtu },
        { name: attachment.key.ifname, mac: attachment.mac, ...mtu, sandbox: netns },
      ];
    }),
    ips: attached.flatMap(({ attachment }, index) => addressesOf(version, attachment, index * LINKS_EACH + POD_END)),
    routes: attached.flatMap(({ attachment }) => attachment.routes),
    dns,
  };
}

function addressesOf(version: CniVersion, { addresses, primary }: Attachment, link: number): readonly ResultAddress[] {
  const isOld = version === "0.3.1" || version === "0.4.0";
  return addresses.map(({ address, gateway }) => ({
    ...(isOld ? { version: address.includes(":") ? ("6" as const) : ("4" as const) } : {}),
    address,
    ...(gateway === undefined || primary !== undefined ? {} : { gateway }),
    interface: link,
  }));
}
