/** What a configuration's `type` says: the name of the plugin's executable in a folder of CNI plugins. */
export const PLUGIN_TYPE = "pharos-cni";

/** The network's name, a part of every attachment's key. */
const NETWORK_NAME = "pharos";

/** What a container runtime is asked to pass on in `runtimeConfig` (CNI, "Dynamic Plugin specific fields"). */
const CAPABILITIES = {
  portMappings: true,
  bandwidth: true,
  ipRanges: true,
  ips: true,
  mac: true,
  dns: true,
  "io.kubernetes.cri.pod-annotations": true,
} as const;

/** Where the plugin finds what it needs on a host; absolute paths. */
export interface PluginPlaces {
  /** The network data that the agent writes at commit. */
  readonly dataFile: string;
  /** The folder of the ledger. */
  readonly stateDir: string;
}

function pluginFields({ dataFile, stateDir }: PluginPlaces) {
  return { type: PLUGIN_TYPE, dataFile, stateDir, capabilities: CAPABILITIES };
}

/** The configuration that the plugin reads from standard input when it is executed for a pod with these annotations. */
export function pluginConfiguration(places: PluginPlaces, annotations: Readonly<Record<string, string>>) {
  const runtimeConfig = { "io.kubernetes.cri.pod-annotations": annotations };
  return { cniVersion: "1.1.0", name: NETWORK_NAME, ...pluginFields(places), runtimeConfig };
}

/**
 * The network configuration list that a container runtime finds in its folder. It says 1.0.0, which runtimes of all supported
 * Kubernetes versions read.
 */
export function pluginConfigurationList(places: PluginPlaces) {
  return { cniVersion: "1.0.0", name: NETWORK_NAME, plugins: [pluginFields(places)] };
}
