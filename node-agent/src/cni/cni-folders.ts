import { access } from "node:fs/promises";
import { join } from "node:path";

/** Where a container runtime looks for network configurations and for plugins. */
export interface CniFolders {
  readonly confDirs: readonly string[];
  readonly binDirs: readonly string[];
}

export interface CniPlace {
  /** Prefix of all paths. */
  readonly root: string;
  /** False: beside another network. */
  readonly conflist: boolean;
}

const K3S = "/var/lib/rancher/k3s";
const K3S_CONF = `${K3S}/agent/etc/cni/net.d`;
/** Newer versions of k3s keep plugins of others in the first; older ones have only their own folder. */
const K3S_BIN = [`${K3S}/data/cni`, `${K3S}/data/current/bin`] as const;
const STANDARD = { confDirs: ["/etc/cni/net.d"], binDirs: ["/opt/cni/bin"] };

/**
 * Folders that were given count as they are; for what was not given, those of k3s where it is installed below `root`, else the usual
 * ones. Without `conflist` only given ones count: beside another network nothing of the container runtime is touched unasked.
 */
export async function cniFolders(given: CniFolders, { root, conflist }: CniPlace): Promise<CniFolders> {
  if (!conflist) return { confDirs: [], binDirs: given.binDirs };
  const found = await detected(root);
  return {
    confDirs: given.confDirs.length > 0 ? given.confDirs : found.confDirs.map((folder) => join(root, folder)),
    binDirs: given.binDirs.length > 0 ? given.binDirs : found.binDirs.map((folder) => join(root, folder)),
  };
}

async function detected(root: string): Promise<CniFolders> {
  if (!(await isThere(join(root, K3S, "agent")))) return STANDARD;
  const [others, own] = K3S_BIN;
  return { confDirs: [K3S_CONF], binDirs: [(await isThere(join(root, others))) ? others : own] };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
