import { aliasOf } from "@pharos/attach";
import { encodeAddressDelete, encodeLinkChange } from "@pharos/kernel/netlink";
import type { LedgerEntry } from "@pharos/ledger";
import type { Sides } from "../plumb/fault.ts";
import { removePodElements } from "../plumb/pod-elements.ts";
import { overEntry } from "./lease-entry.ts";

/**
 * Takes a pod the address whose lease is over, before the server gives it to another one: first what leads to it, then the address itself,
 * then the mark. Returns what the ledger is to say from now on. What is gone already is success.
 */
export function loseAddress(entry: LedgerEntry, { sides, podIndex }: { readonly sides: Sides; readonly podIndex: number }): LedgerEntry {
  const over = overEntry(entry);
  removePodElements([entry]);
  sides.pod.exchange(
    entry.addresses.map((address) => ({
      what: `take ${address} from ${entry.key.ifname}`,
      bytes: encodeAddressDelete({ index: podIndex, address }),
      tolerate: ["EADDRNOTAVAIL", "ENODEV"],
    })),
  );
  const { hostName } = over;
  sides.host.exchange([
    { what: `mark ${hostName}`, bytes: encodeLinkChange({ name: hostName, alias: aliasOf(over) }), tolerate: ["ENODEV"] },
  ]);
  return over;
}
