import { macText } from "@pharos/hoststate";
import { BR_STATE_DISABLED, IFF_UP, IFLA, IFLA_BR, IFLA_BRPORT, IFLA_INFO, IFLA_MACVLAN, IFLA_VXLAN, RTM } from "./constants.ts";
import { ipText } from "./ip-bytes.ts";
import { MACVLAN_MODES, type MacvlanMode } from "./link-message.ts";
import { type Attributes, attributesOf, type NetlinkMessage, nestedOf, textOf, u8Of, u32Of } from "./message.ts";

/** A link as the kernel reports it. */
export interface LinkRecord {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly mac?: string;
  /** Index of the bridge that it is a port of. */
  readonly master?: number;
  /** Index of the link below, or of the veth peer; in another namespace when `parentElsewhere`. */
  readonly parent?: number;
  readonly parentElsewhere: boolean;
  readonly alias?: string;
  /** IFLA_INFO_KIND; absent for hardware and the loopback. */
  readonly kind?: string;
  readonly bridge?: { readonly callIptables: boolean; readonly callIp6tables: boolean; readonly multicastSnooping: boolean };
  /** What its bridge keeps about it, where it is a port. */
  readonly port?: {
    readonly hairpin: boolean;
    readonly isolated: boolean;
    /** Nothing passes: the link has no carrier, or got it just now. */
    readonly isDisabled: boolean;
  };
  readonly macvlanMode?: MacvlanMode;
  readonly vxlan?: {
    readonly vni: number;
    readonly local?: string;
    readonly remote?: string;
    readonly port: number;
    readonly learning: boolean;
  };
}

function bridgeOf(data: Attributes): NonNullable<LinkRecord["bridge"]> {
  return {
    callIptables: u8Of(data, IFLA_BR.NF_CALL_IPTABLES) === 1,
    callIp6tables: u8Of(data, IFLA_BR.NF_CALL_IP6TABLES) === 1,
    multicastSnooping: u8Of(data, IFLA_BR.MCAST_SNOOPING) === 1,
  };
}

function vxlanOf(data: Attributes): NonNullable<LinkRecord["vxlan"]> {
  const local = data.get(IFLA_VXLAN.LOCAL) ?? data.get(IFLA_VXLAN.LOCAL6);
  const remote = data.get(IFLA_VXLAN.GROUP) ?? data.get(IFLA_VXLAN.GROUP6);
  return {
    vni: u32Of(data, IFLA_VXLAN.ID) ?? 0,
    ...(local === undefined ? {} : { local: ipText(local) }),
    ...(remote === undefined ? {} : { remote: ipText(remote) }),
    port: data.get(IFLA_VXLAN.PORT)?.readUInt16BE(0) ?? 0,
    learning: u8Of(data, IFLA_VXLAN.LEARNING) === 1,
  };
}

function macvlanModeOf(data: Attributes): MacvlanMode | undefined {
  const number = u32Of(data, IFLA_MACVLAN.MODE);
  const modes: readonly MacvlanMode[] = ["bridge", "private", "vepa", "passthru"];
  return modes.find((mode) => MACVLAN_MODES[mode] === number);
}

function kindFields(attributes: Attributes): Partial<LinkRecord> {
  const info = nestedOf(attributes, IFLA.LINKINFO);
  const kind = textOf(info, IFLA_INFO.KIND);
  if (kind === undefined) return {};
  const data = nestedOf(info, IFLA_INFO.DATA);
  if (kind === "bridge") return { kind, bridge: bridgeOf(data) };
  if (kind === "vxlan") return { kind, vxlan: vxlanOf(data) };
  const mode = kind === "macvlan" ? macvlanModeOf(data) : undefined;
  return mode === undefined ? { kind } : { kind, macvlanMode: mode };
}

function portFields(attributes: Attributes): Pick<LinkRecord, "port"> {
  const info = nestedOf(attributes, IFLA.LINKINFO);
  if (textOf(info, IFLA_INFO.PORT_KIND) !== "bridge") return {};
  const data = nestedOf(info, IFLA_INFO.PORT_DATA);
  return {
    port: {
      hairpin: u8Of(data, IFLA_BRPORT.HAIRPIN) === 1,
      isolated: u8Of(data, IFLA_BRPORT.ISOLATED) === 1,
      isDisabled: u8Of(data, IFLA_BRPORT.STATE) === BR_STATE_DISABLED,
    },
  };
}

/** Decodes RTM_NEWLINK or RTM_DELLINK; undefined for any other message. */
export function decodeLink({ type, body }: NetlinkMessage): LinkRecord | undefined {
  if (type !== RTM.NEWLINK && type !== RTM.DELLINK) return undefined;
  const attributes = attributesOf(body, 16);
  const mac = attributes.get(IFLA.ADDRESS);
  const master = u32Of(attributes, IFLA.MASTER);
  const parent = u32Of(attributes, IFLA.LINK);
  const alias = textOf(attributes, IFLA.IFALIAS);
  return {
    index: body.readInt32LE(4),
    name: textOf(attributes, IFLA.IFNAME) ?? "",
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    mtu: u32Of(attributes, IFLA.MTU) ?? 0,
    ...(mac === undefined || mac.length !== 6 ? {} : { mac: macText(mac.toString("hex")) }),
    ...(master === undefined || master === 0 ? {} : { master }),
    ...(parent === undefined || parent === 0 ? {} : { parent }),
    parentElsewhere: attributes.has(IFLA.LINK_NETNSID),
    ...(alias === undefined ? {} : { alias }),
    ...kindFields(attributes),
    ...portFields(attributes),
  };
}
