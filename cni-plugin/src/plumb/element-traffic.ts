import type { PodTraffic } from "@pharos/attach";
import { bitsOf, type Family, formatIp, formatPrefix, fromBytes } from "@pharos/hoststate";

/** What the pods' table knows of a pod besides its address. */
type Told = Pick<PodTraffic, "ports" | "masqueradeExcept">;
type Port = NonNullable<PodTraffic["ports"]>[number];

const PROTOCOLS: ReadonlyMap<number, Port["protocol"]> = new Map([
  [6, "tcp"],
  [17, "udp"],
  [132, "sctp"],
]);
/** Fields of a key or of data begin at multiples of this. */
const FIELD_BYTES = 4;

/**
 * What the elements of the pods' table tell of each pod, by address without length: the reverse of `podElements`, for a ledger that lost
 * the entries. `listed` holds the elements of each set as `elementText` tells them.
 */
export function trafficByAddress(listed: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, Told> {
  const told = new Map<string, Told>();
  const tell = (address: string, { ports = [], masqueradeExcept }: Told) => {
    const before = told.get(address) ?? {};
    const kept = [...(before.masqueradeExcept ?? []), ...(masqueradeExcept ?? [])];
    told.set(address, {
      ports: [...(before.ports ?? []), ...ports],
      ...(before.masqueradeExcept === undefined && masqueradeExcept === undefined ? {} : { masqueradeExcept: kept }),
    });
  };
  for (const family of ["ipv4", "ipv6"] as const) {
    const v = family === "ipv4" ? "4" : "6";
    const elementsOf = (set: string) => (listed.get(`${set}${v}`) ?? []).map(partsOf);
    for (const { key, data } of elementsOf("hostports")) tellPort(key, data);
    for (const { key, data } of (listed.get(`hostports${v}-by-address`) ?? []).map(partsOf)) {
      const hostIP = addressAt(key, 0, family);
      tellPort(key.subarray(bytesOf(family)), data, hostIP);
    }
    for (const { key } of elementsOf("masquerade")) tell(addressAt(key, 0, family), { masqueradeExcept: [] });
    for (const { key, end } of elementsOf("unmasqueraded"))
      tell(addressAt(key, 0, family), { masqueradeExcept: [prefixBetween(key, end, family)] });

    function tellPort(key: Buffer, data: Buffer, hostIP?: string): void {
      const protocol = PROTOCOLS.get(key.readUInt8(0));
      if (protocol === undefined) return;
      const ports = { hostPort: key.readUInt16BE(FIELD_BYTES), containerPort: data.readUInt16BE(bytesOf(family)) };
      tell(addressAt(data, 0, family), { ports: [{ protocol, ...ports, ...(hostIP === undefined ? {} : { hostIP }) }] });
    }
  }
  return told;
}

function partsOf(text: string): { readonly key: Buffer; readonly end: Buffer; readonly data: Buffer } {
  const [key = "", end = "", data = ""] = text.split(/[-:]/);
  return { key: Buffer.from(key, "hex"), end: Buffer.from(end, "hex"), data: Buffer.from(data, "hex") };
}

function bytesOf(family: Family): number {
  return bitsOf(family) / 8;
}

function addressAt(bytes: Buffer, offset: number, family: Family): string {
  return formatIp(fromBytes(family, bytes.subarray(offset, offset + bytesOf(family))));
}

/** The prefix whose first and last address stand behind the pod's own. */
function prefixBetween(first: Buffer, last: Buffer, family: Family): string {
  const size = bytesOf(family);
  const ip = fromBytes(family, first.subarray(size, 2 * size));
  const end = fromBytes(family, last.subarray(size, 2 * size));
  return formatPrefix({ ip, length: bitsOf(family) - (ip.value ^ end.value).toString(2).replace(/^0$/, "").length });
}
