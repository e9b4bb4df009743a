import { spawnSync } from "node:child_process";
import { type PodAddress, type PortMapping, publishPorts, withdrawPorts } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import type { LedgerEntry } from "@pharos/ledger";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import { currentBootId } from "../commands/boot-id.ts";

/** Runtimes call plugins with a short PATH or none. */
const PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin";
const LIMIT_MS = 10_000;
/** strerror(EEXIST): the key is there with other data. */
const BELONGS_TO_ANOTHER = "File exists";

/** Makes the host's ports lead to the pod: one child process, for pods that ask for ports only. */
export function publish(ports: readonly PortMapping[], addresses: readonly PodAddress[]): void {
  if (ports.length === 0) return;
  const text = publishPorts(
    ports,
    addresses.map(({ address }) => address),
  );
  const failure = runNft(text);
  if (failure !== undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `host ports cannot be published: ${failure}`);
}

/**
 * Ends that. What an earlier boot published is gone already. A port that leads to another pod by now is left to it; any other
 * failure is an error, so that the runtime asks again.
 */
export function withdraw({ ports = [], addresses, bootId }: LedgerEntry): void {
  if (ports.length === 0 || bootId !== currentBootId()) return;
  if (runNft(withdrawPorts(ports, addresses)) === undefined) return;
  const single = ports.map((port) => runNft(withdrawPorts([port], addresses)));
  const failure = single.find((one) => one !== undefined && !one.includes(BELONGS_TO_ANOTHER));
  if (failure !== undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `host ports cannot be withdrawn: ${failure}`);
}

/** Why nft failed, or undefined. */
function runNft(text: string): string | undefined {
  const { status, stderr, error } = spawnSync("nft", ["-f", "-"], { input: text, encoding: "utf8", env: { PATH }, timeout: LIMIT_MS });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n")[0];
}
