import { hostNameOf, readKey } from "@pharos/attach";
import { withAttachment } from "@pharos/ledger";
import { releaseLeases } from "../dhcp/release.ts";
import { removePodElements } from "../plumb/pod-elements.ts";
import { removePairs } from "../plumb/remove-pairs.ts";
import { currentBootId } from "./boot-id.ts";
import { type CommandContext, withHost } from "./context.ts";
import { isExpected } from "./expected.ts";

/**
 * DEL, of the interface and of those that go with it. Links go first, then the ledger entries in one write, so a crash between leaves
 * addresses reserved, never one used twice. Repeats are success.
 */
export function del({ config, parameters }: CommandContext): void {
  const key = readKey(config.fields, parameters);
  withAttachment({ folder: config.stateDir, containerID: key.containerID }, (ledger) => {
    const held = ledger.read();
    if (!isExpected(config, held.find(key))) return;
    const entries = held.family(key);
    // Ports first: nothing new may come to a pod that is going away.
    removePodElements(entries);
    releaseLeases(entries, currentBootId());
    // A ledger may have been lost; the name can be derived without it.
    const pairs = entries.length > 0 ? entries : [{ hostName: hostNameOf(key), key }];
    withHost((host) => removePairs(host, pairs));
    if (entries.length > 0) ledger.release(entries.map((entry) => entry.key));
  });
}
