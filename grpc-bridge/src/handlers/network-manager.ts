import type { NetworkRemoveRequest, NetworkRemoveResponse, NetworkSetupRequest, NetworkSetupResponse } from "@pharos/rpc";
import type { Audited } from "../server/unary.ts";

/**
 * SetupNetwork of Pullpiri: Podman must know the network afterwards, and Pharos does not make Podman networks. Answering
 * success would let containers fail later, far from the cause.
 */
export async function setupNetwork({ networkName, networkMode }: NetworkSetupRequest): Promise<Audited<NetworkSetupResponse>> {
  const message = `Pharos makes no Podman networks: give ${networkName || "the network"} (mode ${networkMode || "none"}) as a Bridge document, and let containers run without a network mode`;
  return { response: { success: false, message }, result: "refused", documents: [] };
}

/** RemoveNetwork of Pullpiri: there is nothing that SetupNetwork made. */
export async function removeNetwork({ networkName }: NetworkRemoveRequest): Promise<Audited<NetworkRemoveResponse>> {
  return { response: { success: false, message: `Pharos did not make the network ${networkName}` }, result: "refused", documents: [] };
}
