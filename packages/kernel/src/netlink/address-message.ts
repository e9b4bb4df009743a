import { bytesOf, type Family, lastOf, parsePrefix } from "@pharos/hoststate";
import { AF, IFA, IFA_F, NLM_F, RT_SCOPE, RTM } from "./constants.ts";
import { familyNumber, familyOf, ipText, prefixBytes } from "./ip-bytes.ts";
import { attribute, attributesOf, message, type NetlinkMessage, u8, u8Of, u32, u32Of } from "./message.ts";

/** An address as the kernel takes and reports it. */
export interface AddressRecord {
  /** Index of the link. */
  readonly index: number;
  /** `10.1.0.2/24`, host bits kept. */
  readonly address: string;
  /** IFA_PROTO: who added it (Linux 5.18 and later). */
  readonly protocol?: number;
  /** IPv4: not the first address of its subnet on the link, so it goes when that one goes. */
  readonly secondary: boolean;
  /** A link-local or host-scope address. */
  readonly scope: "global" | "link" | "host";
}

export interface AddressFields {
  readonly index: number;
  readonly address: string;
  readonly protocol?: number;
}

function body({ index, address, protocol }: AddressFields): Uint8Array[] {
  const { family, bytes, length } = prefixBytes(address);
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(length, 1);
  header.writeUInt32LE(index, 4);
  const protocolAttribute = protocol === undefined ? [] : [u8(IFA.PROTO, protocol)];
  return [header, attribute(IFA.LOCAL, bytes), attribute(IFA.ADDRESS, bytes), ...protocolAttribute];
}

/**
 * RTM_NEWADDR; EEXIST when the link has it already. IPv4 gets its broadcast address (RFC 919) below /31;
 * IPv6 skips duplicate detection, so that routes and probes may use the address at once.
 */
export function encodeAddressAdd(fields: AddressFields): Uint8Array {
  const prefix = parsePrefix(fields.address);
  const broadcast =
    prefix?.ip.family === "ipv4" && prefix.length < 31 ? [attribute(IFA.BROADCAST, Buffer.from(bytesOf(lastOf(prefix))))] : [];
  const flags = prefix?.ip.family === "ipv6" ? [u32(IFA.FLAGS, IFA_F.NODAD)] : [];
  return message(RTM.NEWADDR, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, [...body(fields), ...broadcast, ...flags]);
}

/** RTM_DELADDR; EADDRNOTAVAIL when the link does not have it. */
export function encodeAddressDelete(fields: AddressFields): Uint8Array {
  return message(RTM.DELADDR, NLM_F.REQUEST, body(fields));
}

/** RTM_GETADDR of both families, or of one. `index`: a socket with NETLINK_GET_STRICT_CHK gets only that link's; others get all. */
export function encodeAddressDump({ index = 0, family }: { readonly index?: number; readonly family?: Family } = {}): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt8(family === undefined ? AF.UNSPEC : familyNumber(family), 0);
  header.writeUInt32LE(index, 4);
  return message(RTM.GETADDR, NLM_F.REQUEST | NLM_F.DUMP, [header]);
}

/** Decodes RTM_NEWADDR or RTM_DELADDR of IPv4 and IPv6; undefined for any other message. */
export function decodeAddress({ type, body: bytes }: NetlinkMessage): AddressRecord | undefined {
  if (type !== RTM.NEWADDR && type !== RTM.DELADDR) return undefined;
  const attributes = attributesOf(bytes, 8);
  const own = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS);
  if (familyOf(bytes.readUInt8(0)) === undefined || own === undefined) return undefined;
  const flags = u32Of(attributes, IFA.FLAGS) ?? bytes.readUInt8(2);
  const scope = bytes.readUInt8(3);
  const protocol = u8Of(attributes, IFA.PROTO);
  return {
    index: bytes.readUInt32LE(4),
    address: `${ipText(own)}/${bytes.readUInt8(1)}`,
    ...(protocol === undefined ? {} : { protocol }),
    secondary: own.length === 4 && (flags & IFA_F.SECONDARY) !== 0,
    scope: scope === RT_SCOPE.LINK ? "link" : scope === RT_SCOPE.HOST ? "host" : "global",
  };
}
