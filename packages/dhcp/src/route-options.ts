import type { OfferedRoute } from "./message.ts";
import { addressAt, addressBytes, addressNumber, concatenated } from "./octets.ts";

const ANY = "0.0.0.0";

/** Reads option 121 (RFC 3442): length, the significant bytes of the destination, next hop. */
export function readClasslessRoutes(bytes: Uint8Array): readonly OfferedRoute[] | undefined {
  const routes: OfferedRoute[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    const significant = Math.ceil(length / 8);
    const next = at + 1 + significant + 4;
    if (length > 32 || next > bytes.length) return undefined;
    const destination = new Uint8Array(4);
    destination.set(bytes.subarray(at + 1, at + 1 + significant));
    routes.push(routeOf(`${networkAddress(addressAt(destination, 0), length)}/${length}`, addressAt(bytes, next - 4)));
    at = next;
  }
  return routes.length === 0 ? undefined : routes;
}

export function writeClasslessRoutes(routes: readonly OfferedRoute[]): Uint8Array {
  return concatenated(
    routes.flatMap(({ dst, gw = ANY }) => {
      const [address = ANY, length = "32"] = dst.split("/");
      return [Uint8Array.of(Number(length)), addressBytes(address).subarray(0, Math.ceil(Number(length) / 8)), addressBytes(gw)];
    }),
  );
}

/** Reads option 33 (RFC 2132, 5.8): pairs of destination and router. The default route is not allowed there and is left out. */
export function readStaticRoutes(bytes: Uint8Array): readonly OfferedRoute[] | undefined {
  if (bytes.length === 0 || bytes.length % 8 !== 0) return undefined;
  const pairs = Array.from({ length: bytes.length / 8 }, (_, index) => index * 8);
  const routes = pairs.map((at) => ({ address: addressAt(bytes, at), gw: addressAt(bytes, at + 4) }));
  return routes.filter(({ address }) => address !== ANY).map(({ address, gw }) => routeOf(`${address}/${classLength(address)}`, gw));
}

export function writeStaticRoutes(routes: readonly OfferedRoute[]): Uint8Array {
  return concatenated(routes.flatMap(({ dst, gw = ANY }) => [addressBytes(dst.split("/")[0] ?? ANY), addressBytes(gw)]));
}

function routeOf(dst: string, gw: string): OfferedRoute {
  return gw === ANY ? { dst } : { dst, gw };
}

/** The network's length by its class (RFC 791) where all host bits are zero; else the route is for one host. */
function classLength(address: string): number {
  const number = addressNumber(address);
  const length = number >>> 31 === 0 ? 8 : number >>> 30 === 2 ? 16 : number >>> 29 === 6 ? 24 : 32;
  return networkAddress(address, length) === address ? length : 32;
}

/** The address with all bits behind `length` cleared. */
export function networkAddress(address: string, length: number): string {
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  const value = (addressNumber(address) & mask) >>> 0;
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
