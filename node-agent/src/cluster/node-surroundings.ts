import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PluginPlaces } from "@pharos/attach";
import type { Clock, Log } from "@pharos/base";
import { POD_NETWORK_DATA_PATH, parseIp } from "@pharos/hoststate";
import { LEDGER_FOLDER } from "@pharos/ledger";
import type { KubernetesStore } from "@pharos/store/kubernetes";
import { cniCondition } from "../cni/cni-condition.ts";
import type { CniFolders } from "../cni/cni-folders.ts";
import { CniKeeper } from "../cni/cni-keeper.ts";
import { AGENT_HOST_CHANGED } from "../codes.ts";
import type { Surroundings, SurroundingsInput } from "../surroundings.ts";
import { podAnnotator } from "./annotate-pod.ts";
import type { OwnPlace } from "./cluster-parts.ts";
import { viewCluster } from "./cluster-view.ts";

/** What an agent needs to know of the Kubernetes node that it runs on. */
export interface NodeSettings {
  /** Name of this machine's core Node. */
  readonly nodeName: string;
  /** The SoC or VM that this machine is; absent: the node's label `pharos.io/host`, else its name. */
  readonly host?: string;
  /** The API server that `store` talks to: `https://host:port`. */
  readonly apiServer: string;
  readonly store: KubernetesStore;
  /** Prefix of all paths. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly pluginBinary: string;
  /** False: beside another network, without a configuration for container runtimes. */
  readonly conflist: boolean;
  readonly clock: Clock;
  /** What is missing until pods can have a network; undefined: nothing. */
  readonly onMissing?: (missing: string | undefined) => void;
}

export interface NodePlace {
  readonly folders: CniFolders;
  /** The SoC or VM that the agent runs as. */
  readonly host: string;
  readonly log: Log;
  /** The node is another host than `host` now. */
  readonly onHost: (host: string) => void;
}

/** Follows the cluster for an agent, and keeps the CNI plugin where the node's container runtime finds it. */
export function nodeSurroundings(
  settings: NodeSettings,
  { folders, host, log, onHost }: NodePlace,
  input: SurroundingsInput,
): Surroundings {
  const { store, nodeName, root, pluginBinary, conflist, clock } = settings;
  const { signal, isCommitted, onHeard } = input;
  const view = viewCluster({
    store,
    own: ownPlace(settings),
    signal,
    onChange: () => {
      const now = view.parts().nodes?.find(({ name }) => name === nodeName)?.host;
      if (now === undefined || now === host) return input.onParts();
      log.warn(`${AGENT_HOST_CHANGED.code} ${AGENT_HOST_CHANGED.title}`, { before: host, now });
      onHost(now);
    },
    onHeard,
  });
  const places: PluginPlaces = { dataFile: join(root, POD_NETWORK_DATA_PATH), stateDir: join(root, LEDGER_FOLDER) };
  const tell = () => settings.onMissing?.(isCommitted() ? missingOf(cni, places) : "no revision is committed yet");
  const cni = new CniKeeper({
    folders,
    plugin: pluginBinary,
    places,
    conflist,
    isReady: () => isCommitted() && existsSync(places.dataFile),
    onChange: () => {
      input.onStanding();
      tell();
    },
    clock,
    log,
  });
  return {
    parts: () => view.parts(),
    findings: () => cni.standing.findings,
    conditions: () => [cniCondition(cni.standing)],
    annotatePod: podAnnotator(store),
    standingChanged: () => {
      cni.call();
      tell();
    },
    finished: Promise.all([view.finished, cni.run(signal)]),
  };
}

function ownPlace({ nodeName, host, apiServer }: NodeSettings): OwnPlace {
  const { hostname, port } = new URL(apiServer);
  const address = hostname.replace(/^\[|\]$/g, "");
  return {
    nodeName,
    ...(host === undefined ? {} : { host }),
    ...(parseIp(address) === undefined ? {} : { apiServer: { address, port: port === "" ? 443 : Number(port) } }),
  };
}

function missingOf({ standing: { state, findings } }: CniKeeper, { dataFile }: PluginPlaces): string | undefined {
  if (state === "installed" || state === "beside") return undefined;
  return findings[0]?.description ?? `no bridge for pods on this host yet: ${dataFile} is missing`;
}
