import type { Attachment, PodRequest } from "@pharos/attach";
import type { LedgerEntry } from "@pharos/ledger";

/** What the ledger remembers of an attachment: all that a repeated ADD, DEL and GC need besides the network data. */
export function ledgerEntry(
  attachment: Attachment,
  { request, bootId, netns }: { readonly request: Pick<PodRequest, "pod" | "sticky">; readonly bootId: string; readonly netns: string },
): LedgerEntry {
  const { ports, primary, masqueradeExcept, bandwidth, gateways, furtherRoutes } = attachment;
  return {
    key: attachment.key,
    bridge: attachment.bridge.name,
    addresses: attachment.addresses.map(({ address }) => address),
    hostName: attachment.hostName,
    mac: attachment.mac,
    bootId,
    ...(request.pod === undefined ? {} : { pod: request.pod }),
    ...(request.sticky === true ? { sticky: true } : {}),
    ...(ports.length === 0 ? {} : { ports }),
    ...(masqueradeExcept === undefined ? {} : { masqueradeExcept }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(primary === undefined ? {} : { primary }),
    ...(gateways === undefined ? {} : { gateways }),
    ...(furtherRoutes === undefined ? {} : { routes: furtherRoutes }),
    netns,
  };
}
