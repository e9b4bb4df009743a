import { PLUGIN_TYPE } from "@pharos/attach";

/** Sorts before the names that other networks give their files. */
export const CONFLIST_NAME = "05-pharos.conflist";

/** A file in a folder of network configurations. */
export interface ConfigurationFile {
  readonly name: string;
  readonly content: string;
}

/** What a container runtime finds in a folder of network configurations; it takes the first by name. */
export interface PresentConfigurations {
  /** Content of our file. */
  readonly own?: string;
  /** Names of files of other networks, sorted. */
  readonly foreign: readonly string[];
}

/** File names that libcni reads as configurations. */
const CONFIGURATION = /\.(conf|conflist|json)$/;

export function isConfigurationName(name: string): boolean {
  return CONFIGURATION.test(name);
}

/**
 * Tells our file from those of other networks. One for loopback alone is no network, and neither is the one that Podman brings for
 * itself: it looks networks up by name. One that cannot be read may be one.
 */
export function presentConfigurations(files: readonly ConfigurationFile[]): PresentConfigurations {
  const own = files.find(({ name }) => name === CONFLIST_NAME);
  const foreign = files.filter((file) => file !== own && isForeign(file.content)).map(({ name }) => name);
  return { ...(own === undefined ? {} : { own: own.content }), foreign: foreign.sort() };
}

function isForeign(content: string): boolean {
  if (isOfPodman(content)) return false;
  const types = pluginTypes(content);
  return types.length === 0 || types.some((type) => type !== "loopback" && type !== PLUGIN_TYPE);
}

/** Podman's default network, which its package installs whether containers use it or not. */
function isOfPodman(content: string): boolean {
  try {
    const { name, plugins } = JSON.parse(content) as {
      readonly name?: unknown;
      readonly plugins?: readonly { readonly bridge?: unknown }[];
    };
    return name === "podman" && plugins?.[0]?.bridge === "cni-podman0";
  } catch {
    return false;
  }
}

/** The plugins that a configuration or a list of them names; none where it cannot be read. */
function pluginTypes(content: string): readonly unknown[] {
  try {
    const { type, plugins } = JSON.parse(content) as { readonly type?: unknown; readonly plugins?: unknown };
    if (Array.isArray(plugins)) return plugins.map((plugin: unknown) => (plugin as { readonly type?: unknown } | null)?.type);
    return type === undefined ? [] : [type];
  } catch {
    return [];
  }
}
