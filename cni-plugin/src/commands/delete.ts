import { hostNameOf, readKey } from "@pharos/attach";
import { withLedger } from "@pharos/ledger";
import { removePodElements } from "../plumb/pod-elements.ts";
import { removePair } from "../plumb/remove-pair.ts";
import { type CommandContext, withHost } from "./context.ts";
import { isExpected } from "./expected.ts";

/** DEL. Links go first, then the ledger entry, so a crash between leaves an address reserved, never one used twice. Repeats are success. */
export function del({ config, parameters }: CommandContext): void {
  const key = readKey(config.fields, parameters);
  withLedger(config.stateDir, (ledger) => {
    // The agent may have lost the ledger; the name can be derived without it.
    const entry = ledger.find(key);
    if (!isExpected(config, entry)) return;
    // Ports first: nothing new may come to a pod that is going away.
    if (entry !== undefined) removePodElements(entry);
    withHost((host) => removePair(host, entry?.hostName ?? hostNameOf(key), key));
    ledger.release(key);
  });
}
