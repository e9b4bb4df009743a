import {
  ADDR_GEN_MODE_NONE,
  AF,
  IFF_UP,
  IFLA,
  IFLA_BR,
  IFLA_BRPORT,
  IFLA_INET6,
  IFLA_INFO,
  IFLA_MACVLAN,
  IFLA_VXLAN,
  NLM_F,
  RTM,
  VETH_INFO_PEER,
} from "./constants.ts";
import { ipBytes } from "./ip-bytes.ts";
import { attribute, message, nested, text, u8, u16be, u32 } from "./message.ts";

/** Mode of a macvlan by its number in the kernel. */
export const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export type MacvlanMode = keyof typeof MACVLAN_MODES;

/** The part of a link that depends on its kind (IFLA_LINKINFO). A field that is absent is left to the kernel. */
export type LinkKind =
  | { readonly kind: "bridge"; readonly callIptables?: boolean; readonly callIp6tables?: boolean; readonly multicastSnooping?: boolean }
  | { readonly kind: "veth"; readonly peer?: LinkFields }
  | { readonly kind: "macvlan"; readonly mode?: MacvlanMode }
  | {
      readonly kind: "vxlan";
      readonly vni?: number;
      readonly local?: string;
      readonly remote?: string;
      readonly port?: number;
      readonly learning?: boolean;
    }
  | { readonly kind: "dummy" }
  | { readonly kind: "ifb" };

/** Fields of a link in a request. What is absent is left as the kernel has it. */
export interface LinkFields {
  readonly name?: string;
  /** Index of an existing link, or the index that a new one shall get. */
  readonly index?: number;
  readonly up?: boolean;
  /** Bytes. */
  readonly mtu?: number;
  /** Index of the bridge; 0 takes the link out of its bridge. */
  readonly master?: number;
  /** Lower case with colons. */
  readonly mac?: string;
  readonly alias?: string;
  readonly group?: number;
  /** Index of the link below (macvlan). */
  readonly parent?: number;
  /** Descriptor of the network namespace in which the link shall live. */
  readonly namespaceFd?: number;
}

function header(fields: LinkFields): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt8(AF.UNSPEC, 0);
  bytes.writeInt32LE(fields.index ?? 0, 4);
  if (fields.up !== undefined) {
    bytes.writeUInt32LE(fields.up ? IFF_UP : 0, 8);
    bytes.writeUInt32LE(IFF_UP, 12);
  }
  return bytes;
}

function attributes(fields: LinkFields): Uint8Array[] {
  const all: Uint8Array[] = [];
  if (fields.name !== undefined) all.push(text(IFLA.IFNAME, fields.name));
  if (fields.mac !== undefined) all.push(attribute(IFLA.ADDRESS, Buffer.from(fields.mac.replaceAll(":", ""), "hex")));
  if (fields.mtu !== undefined) all.push(u32(IFLA.MTU, fields.mtu));
  if (fields.parent !== undefined) all.push(u32(IFLA.LINK, fields.parent));
  if (fields.master !== undefined) all.push(u32(IFLA.MASTER, fields.master));
  if (fields.alias !== undefined) all.push(attribute(IFLA.IFALIAS, Buffer.from(fields.alias, "utf8")));
  if (fields.group !== undefined) all.push(u32(IFLA.GROUP, fields.group));
  if (fields.namespaceFd !== undefined) all.push(u32(IFLA.NET_NS_FD, fields.namespaceFd));
  return all;
}

function flag(type: number, value: boolean | undefined): Uint8Array[] {
  return value === undefined ? [] : [u8(type, value ? 1 : 0)];
}

function kindData(kind: LinkKind): Uint8Array[] {
  switch (kind.kind) {
    case "bridge":
      return [
        ...flag(IFLA_BR.MCAST_SNOOPING, kind.multicastSnooping),
        ...flag(IFLA_BR.NF_CALL_IPTABLES, kind.callIptables),
        ...flag(IFLA_BR.NF_CALL_IP6TABLES, kind.callIp6tables),
      ];
    case "veth":
      return kind.peer === undefined ? [] : [nested(VETH_INFO_PEER, [header(kind.peer), ...attributes(kind.peer)])];
    case "macvlan":
      return kind.mode === undefined ? [] : [u32(IFLA_MACVLAN.MODE, MACVLAN_MODES[kind.mode])];
    case "vxlan":
      return vxlanData(kind);
    case "dummy":
    case "ifb":
      return [];
  }
}

function vxlanData(kind: LinkKind & { kind: "vxlan" }): Uint8Array[] {
  const data: Uint8Array[] = [];
  if (kind.vni !== undefined) data.push(u32(IFLA_VXLAN.ID, kind.vni));
  if (kind.remote !== undefined)
    data.push(attribute(kind.remote.includes(":") ? IFLA_VXLAN.GROUP6 : IFLA_VXLAN.GROUP, ipBytes(kind.remote)));
  if (kind.local !== undefined) data.push(attribute(kind.local.includes(":") ? IFLA_VXLAN.LOCAL6 : IFLA_VXLAN.LOCAL, ipBytes(kind.local)));
  if (kind.port !== undefined) data.push(u16be(IFLA_VXLAN.PORT, kind.port));
  return [...data, ...flag(IFLA_VXLAN.LEARNING, kind.learning)];
}

function linkInfo(kind: LinkKind): Uint8Array {
  const data = kindData(kind);
  return nested(IFLA.LINKINFO, [text(IFLA_INFO.KIND, kind.kind), ...(data.length === 0 ? [] : [nested(IFLA_INFO.DATA, data)])]);
}

/** RTM_NEWLINK that creates a link; EEXIST when the name is taken. A veth peer in another namespace cannot be born up. */
export function encodeLinkCreate(fields: LinkFields, kind: LinkKind): Uint8Array {
  return message(RTM.NEWLINK, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, [header(fields), ...attributes(fields), linkInfo(kind)]);
}

/** RTM_NEWLINK that changes an existing link, found by index, else by name; `kind` only for fields that the kind has. */
export function encodeLinkChange(fields: LinkFields, kind?: LinkKind): Uint8Array {
  return message(RTM.NEWLINK, NLM_F.REQUEST, [header(fields), ...attributes(fields), ...(kind === undefined ? [] : [linkInfo(kind)])]);
}

/**
 * RTM_NEWLINK after which a link that is still down gets no link-local IPv6 address when it comes up, and so solicits no routers and
 * reports no groups. EAFNOSUPPORT in a kernel without IPv6.
 */
export function encodeWithoutLinkLocal(which: Pick<LinkFields, "index" | "name">): Uint8Array {
  const ofIpv6 = nested(AF.INET6, [u8(IFLA_INET6.ADDR_GEN_MODE, ADDR_GEN_MODE_NONE)]);
  return message(RTM.NEWLINK, NLM_F.REQUEST, [header(which), ...attributes(which), nested(IFLA.AF_SPEC, [ofIpv6])]);
}

/** What a bridge keeps about one of its ports. What is absent is left as the kernel has it. */
export interface BridgePortFields {
  /** Frames may leave by the port that they came by. */
  readonly hairpin?: boolean;
  /** Frames from this port go to no other isolated port. */
  readonly isolated?: boolean;
}

/** RTM_NEWLINK that changes what a bridge keeps about one of its ports, found by name. */
export function encodeBridgePortChange(name: string, { hairpin, isolated }: BridgePortFields): Uint8Array {
  const data = nested(IFLA_INFO.PORT_DATA, [...flag(IFLA_BRPORT.HAIRPIN, hairpin), ...flag(IFLA_BRPORT.ISOLATED, isolated)]);
  return message(RTM.NEWLINK, NLM_F.REQUEST, [
    header({}),
    text(IFLA.IFNAME, name),
    nested(IFLA.LINKINFO, [text(IFLA_INFO.PORT_KIND, "bridge"), data]),
  ]);
}

/** RTM_DELLINK by index, by name, or of all links of a group. ENODEV when there is none. */
export function encodeLinkDelete(which: Pick<LinkFields, "index" | "name" | "group">): Uint8Array {
  return message(RTM.DELLINK, NLM_F.REQUEST, [header(which), ...attributes(which)]);
}

/** RTM_GETLINK of one link by index or name. */
export function encodeLinkGet(which: Pick<LinkFields, "index" | "name">): Uint8Array {
  return message(RTM.GETLINK, NLM_F.REQUEST, [header(which), ...attributes(which)]);
}

/** RTM_GETLINK of all links. */
export function encodeLinkDump(): Uint8Array {
  return message(RTM.GETLINK, NLM_F.REQUEST | NLM_F.DUMP, [header({})]);
}
