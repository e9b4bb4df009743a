import { type Clock, describeError, type Log } from "@pharos/base";
import { type PodmanApi, podmanApi } from "./podman-api.ts";
import type { ContainerRuntime, RunningContainer } from "./runtime.ts";

/** Where Podman's service of the host's own containers listens. */
export const PODMAN_SOCKET = "/run/podman/podman.sock";
/** Podman knows no namespaces of pods. */
const NAMESPACE = "default";
const RETRY_MS = 5000;
const RUNNING = query({ filters: { status: ["running"] } });
const COMINGS_AND_GOINGS = query({ stream: "true", filters: { type: ["container"], event: ["start", "died", "remove"] } });

export interface PodmanRuntimeOptions {
  readonly socket: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The containers of Podman 4 and 5, through its service. Where nobody listens there are none: the service is asked again from time to
 * time, since it may come later.
 */
export function podmanRuntime({ socket, clock, log }: PodmanRuntimeOptions): ContainerRuntime {
  const api = podmanApi(socket);
  return {
    list: () => listContainers(api),
    watch: (onChange, signal) => void follow(api, onChange, { signal, clock, log }),
  };
}

async function follow(
  api: PodmanApi,
  onChange: () => void,
  { signal, clock, log }: { readonly signal: AbortSignal; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await api.follow(`events?${COMINGS_AND_GOINGS}`, onChange, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.debug("Podman's events ended, asking for them again", { error: describeError(error) });
    }
    await clock.sleep(RETRY_MS, signal);
  }
}

/** What `inspect` says of a container, as far as it is used. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number; readonly Running: boolean };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Annotations: Readonly<Record<string, string>> | null;
  };
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: { readonly SandboxKey?: string };
}

/** What `list` says of a container, as far as it is used. */
interface Listed {
  readonly Id: string;
  readonly PodName?: string;
  readonly IsInfra?: boolean;
}

async function listContainers(api: PodmanApi): Promise<readonly RunningContainer[]> {
  const listed = ((await api.get(`containers/json?${RUNNING}`)) ?? []) as readonly Listed[];
  const inspected = new Map<string, Inspected>();
  for (const { Id } of listed) {
    const one = await inspect(api, Id);
    if (one?.State.Running === true) inspected.set(Id, one);
  }
  return listed.flatMap((container) => {
    const own = inspected.get(container.Id);
    // The container that only holds a pod's namespaces is told by those that work in it.
    return own === undefined || container.IsInfra === true ? [] : [runningContainer(container, own, inspected)];
  });
}

/** Undefined for a container that went away meanwhile. */
async function inspect(api: PodmanApi, id: string): Promise<Inspected | undefined> {
  try {
    return (await api.get(`containers/${encodeURIComponent(id)}/json`)) as Inspected | undefined;
  } catch {
    return undefined;
  }
}

/**
 * A container in another one's network namespace has that one's id: attachments belong to whoever has the namespace, and Podman
 * names it when it attaches.
 */
function runningContainer({ PodName = "" }: Listed, own: Inspected, all: ReadonlyMap<string, Inspected>): RunningContainer {
  const owner = ownerOf(own, all);
  const netns = owner.HostConfig.NetworkMode === "host" ? {} : { netns: netnsOf(owner) };
  return {
    id: owner.Id,
    pod: { namespace: NAMESPACE, name: PodName === "" ? own.Name : PodName },
    name: own.Name,
    labels: own.Config.Labels ?? {},
    annotations: { ...owner.Config.Annotations, ...own.Config.Annotations },
    ...netns,
  };
}

function ownerOf(container: Inspected, all: ReadonlyMap<string, Inspected>): Inspected {
  const [, id] = /^container:(.+)$/.exec(container.HostConfig.NetworkMode) ?? [];
  const owner = id === undefined ? undefined : all.get(id);
  return owner === undefined || owner === container ? container : ownerOf(owner, all);
}

/** A file that Podman keeps as long as the container runs; with `--network none` it keeps none. */
function netnsOf({ NetworkSettings, State }: Inspected): string {
  const { SandboxKey = "" } = NetworkSettings;
  return SandboxKey === "" ? `/proc/${State.Pid}/ns/net` : SandboxKey;
}

function query(parameters: Readonly<Record<string, string | object>>): string {
  const texts = Object.entries(parameters).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as const,
  );
  return new URLSearchParams(Object.fromEntries(texts)).toString();
}
