import { ATTACH_BAD_CONFIG, listOf, objectOf, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { withMaintenance } from "@pharos/ledger";
import { removePodElements } from "../plumb/pod-elements.ts";
import { removePairs } from "../plumb/remove-pairs.ts";
import { type CommandContext, withHost } from "./context.ts";

const VALID = "cni.dev/valid-attachments";

/** GC (CNI 1.1): removes all attachments of this network that the runtime does not list. */
export function collectGarbage({ config }: CommandContext): void {
  const network = textOf(config.fields.name, "name");
  // A runtime that lists nothing says so with an empty list, or with null (libcni); a missing one must not cut every pod off.
  if (config.fields[VALID] === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${VALID} is missing`);
  const valid = new Set(
    listOf(config.fields[VALID], VALID).map((item) => {
      const attachment = objectOf(item, VALID);
      return `${textOf(attachment.containerID, `${VALID}.containerID`)}/${textOf(attachment.ifname, `${VALID}.ifname`)}`;
    }),
  );
  withMaintenance({ folder: config.stateDir }, (ledger) =>
    withHost((host) => {
      const garbage = ledger
        .reclaimable()
        .filter(({ key, primary }) => key.network === network && !valid.has(`${key.containerID}/${primary ?? key.ifname}`));
      removePodElements(garbage);
      removePairs(host, garbage);
      ledger.release(garbage.map(({ key }) => key));
    }),
  );
}
