/** A container that runs on this host, as its runtime tells it. */
export interface RunningContainer {
  readonly id: string;
  readonly pod: { readonly namespace: string; readonly name: string };
  /** Name of the container itself, which Podman users see. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Path of its network namespace; absent for a container that shares the host's. */
  readonly netns?: string;
}

/** Where the agent learns which containers run. */
export interface ContainerRuntime {
  list(): Promise<readonly RunningContainer[]>;
  /** Calls back after containers came or went, until `signal` aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
}

/** A host whose pods somebody else has attached. */
export const NO_CONTAINERS: ContainerRuntime = { list: async () => [], watch: () => {} };

/** Several runtimes of one host as one. */
export function joinedRuntimes(runtimes: readonly ContainerRuntime[]): ContainerRuntime {
  return {
    list: async () => (await Promise.all(runtimes.map((runtime) => runtime.list()))).flat(),
    watch: (onChange, signal) => {
      for (const runtime of runtimes) runtime.watch(onChange, signal);
    },
  };
}
