import { ATTACH_BAD_CONFIG, listOf, objectOf, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { withLedger } from "@pharos/ledger";
import { removePodElements } from "../plumb/pod-elements.ts";
import { removePair } from "../plumb/remove-pair.ts";
import { type CommandContext, withHost } from "./context.ts";

const VALID = "cni.dev/valid-attachments";

/** GC (CNI 1.1): removes all attachments of this network that the runtime does not list. */
export function collectGarbage({ config }: CommandContext): void {
  const network = textOf(config.fields.name, "name");
  // A runtime that lists nothing says so with an empty list; a missing one must not cut every pod off.
  if (!Array.isArray(config.fields[VALID])) throw new PharosError(ATTACH_BAD_CONFIG, `${VALID} is missing`);
  const valid = new Set(
    listOf(config.fields[VALID], VALID).map((item) => {
      const attachment = objectOf(item, VALID);
      return `${textOf(attachment.containerID, `${VALID}.containerID`)}/${textOf(attachment.ifname, `${VALID}.ifname`)}`;
    }),
  );
  withLedger(config.stateDir, (ledger) =>
    withHost((host) => {
      const garbage = ledger.entries().filter(({ key }) => key.network === network && !valid.has(`${key.containerID}/${key.ifname}`));
      for (const entry of garbage) {
        removePodElements(entry);
        removePair(host, entry.hostName, entry.key);
        ledger.release(entry.key);
      }
    }),
  );
}
