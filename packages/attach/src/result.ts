import type { Attachment } from "./attachment.ts";

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

/** The success result of ADD (CNI specification, "ADD Success"). */
export interface CniResult {
  readonly cniVersion: CniVersion;
  readonly interfaces: readonly ResultInterface[];
  /** `version` only before 1.0.0. `interface` is an index into `interfaces`. */
  readonly ips: readonly {
    readonly version?: "4" | "6";
    readonly address: string;
    readonly gateway?: string;
    readonly interface: number;
  }[];
  readonly routes: readonly { readonly dst: string; readonly gw?: string }[];
  readonly dns: Readonly<Record<string, never>>;
}

/** What the kernel said about the links of an attachment. */
export interface AttachedLinks {
  readonly bridgeMac: string;
  readonly hostMac: string;
  /** Bytes. */
  readonly mtu: number;
  /** Path of the pod's network namespace. */
  readonly netns: string;
}

const POD_INTERFACE = 2;

/** The result in the shape of `version`: bridge, host's end and pod's end, in this order. */
export function resultOf(version: CniVersion, attachment: Attachment, links: AttachedLinks): CniResult {
  const mtu = version === "1.1.0" ? { mtu: links.mtu } : {};
  const isOld = version === "0.3.1" || version === "0.4.0";
  return {
    cniVersion: version,
    interfaces: [
      { name: attachment.bridge.name, mac: links.bridgeMac, ...mtu },
      { name: attachment.hostName, mac: links.hostMac, ...mtu },
      { name: attachment.key.ifname, mac: attachment.mac, ...mtu, sandbox: links.netns },
    ],
    ips: attachment.addresses.map(({ address, gateway }) => ({
      ...(isOld ? { version: address.includes(":") ? ("6" as const) : ("4" as const) } : {}),
      address,
      ...(gateway === undefined ? {} : { gateway }),
      interface: POD_INTERFACE,
    })),
    routes: attachment.routes,
    dns: {},
  };
}
