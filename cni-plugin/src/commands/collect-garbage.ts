import { ATTACH_BAD_CONFIG, type JsonObject, objectOf, readNetworkName, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type CommandContext, withHost } from "./context.ts";
import { reclaim } from "./reclaim.ts";

/** CNI 1.1 ("GC"), and the key of the drafts before it, which libcni fills too. */
const LISTS = ["cni.dev/valid-attachments", "cni.dev/attachments"] as const;

/**
 * GC (CNI 1.1): removes all attachments of this network that the runtime does not list, whether the ledger or only the kernel knows
 * them, and all that an earlier boot left.
 */
export function collectGarbage({ config }: CommandContext): void {
  const network = readNetworkName(config.fields);
  const valid = readValid(config.fields);
  withHost((host) =>
    reclaim(host, config.stateDir, {
      isGarbage: ({ key, primary }) => key.network === network && !valid.has(`${key.containerID}/${primary ?? key.ifname}`),
    }),
  );
}

/** A runtime that has no attachments says so with an empty list, libcni with null; a missing one must not cut every pod off. */
function readValid(fields: JsonObject): ReadonlySet<string> {
  const path = LISTS.find((name) => fields[name] !== undefined) ?? LISTS[0];
  const list = fields[path] ?? (path in fields ? [] : undefined);
  if (!Array.isArray(list)) throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not a list: an empty one says that nothing is attached`);
  return new Set(
    list.map((item, index) => {
      const attachment = objectOf(item, `${path}[${index}]`);
      return `${required(attachment, "containerID", `${path}[${index}]`)}/${required(attachment, "ifname", `${path}[${index}]`)}`;
    }),
  );
}

function required(attachment: JsonObject, field: string, path: string): string {
  const text = textOf(attachment[field], `${path}.${field}`);
  if (text === undefined || text === "") throw new PharosError(ATTACH_BAD_CONFIG, `${path}.${field} is missing`);
  return text;
}
