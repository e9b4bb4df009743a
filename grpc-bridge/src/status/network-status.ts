import type { Bridge, HostReport, Node, PodNetwork } from "@pharos/kinds";
import type { ComponentStatus } from "@pharos/rpc";
import { completedAs } from "../requests/completed.ts";

export interface NetworkStatusInput {
  readonly nodes: readonly Node[];
  readonly bridges: readonly Bridge[];
  readonly reports: readonly HostReport[];
  readonly podNetworks: readonly PodNetwork[];
  /** Undefined: every host with a report. */
  readonly connected: ReadonlySet<string> | undefined;
}

type ComponentState = "up" | "down" | "degraded";

/** All components: SoCs and VMs, bridges, pods, requests; names in document order, then sorted. */
export function networkStatus(input: NetworkStatusInput): readonly ComponentStatus[] {
  const stateOf = hostStates(input);
  return [
    ...hostComponents(input, stateOf),
    ...bridgeComponents(input, stateOf),
    ...podComponents(input),
    ...requestComponents(input.podNetworks),
  ];
}

/** Those that the filter means: a type, `request:<id>`, or a name; empty means all. */
export function filterComponents(components: readonly ComponentStatus[], filter: string): readonly ComponentStatus[] {
  if (filter === "") return components;
  const ofType = components.filter(({ type }) => type === filter);
  return ofType.length > 0 ? ofType : components.filter(({ name, type }) => name === filter || `${type}:${name}` === filter);
}

function hostStates({ reports, connected }: NetworkStatusInput): (host: string) => ComponentState {
  const byHost = new Map(reports.map((report) => [report.spec.host, report.status?.state]));
  return (host) => {
    const state = byHost.get(host);
    if (state === undefined || connected?.has(host) === false) return "down";
    return state === "Committed" ? "up" : "degraded";
  };
}

function hostComponents({ nodes, reports }: NetworkStatusInput, stateOf: (host: string) => ComponentState): ComponentStatus[] {
  const reported = new Map(reports.map((report) => [report.spec.host, report.status?.interfaces ?? []]));
  type Machine = { readonly name: string; readonly interfaces?: readonly { readonly name: string; readonly address?: string }[] };
  const component = (type: "soc" | "vm", machine: Machine, connectedTo: readonly string[]): ComponentStatus => {
    const names = new Set(machine.interfaces?.map(({ name }) => name));
    const leased = reported
      .get(machine.name)
      ?.filter(({ name }) => names.has(name))
      .flatMap(({ addresses }) => addresses ?? []);
    const address = machine.interfaces?.find((one) => one.address !== undefined)?.address ?? leased?.[0];
    return { name: machine.name, type, status: stateOf(machine.name), ipAddress: bare(address), connectedTo };
  };
  return nodes.flatMap(({ spec }) =>
    spec.socs.flatMap((soc) => {
      const vms = soc.vms ?? [];
      return [
        component(
          "soc",
          soc,
          vms.map(({ name }) => name),
        ),
        ...vms.map((vm) => component("vm", vm, [soc.name])),
      ];
    }),
  );
}

function bridgeComponents({ bridges, reports }: NetworkStatusInput, stateOf: (host: string) => ComponentState): ComponentStatus[] {
  return bridges.flatMap(({ spec }) =>
    spec.bridges.map((bridge): ComponentStatus => {
      const carriers = reports
        .filter(({ status }) => status?.blocks?.some((block) => block.bridge === bridge.name))
        .map(({ spec: { host } }) => host);
      const hosts = [...new Set([...(bridge.hosts ?? []), ...carriers])].sort();
      const ups = hosts.filter((host) => stateOf(host) === "up").length;
      const status = ups === 0 ? "down" : ups === hosts.length ? "up" : "degraded";
      const [range] = bridge.ipam?.ranges ?? [];
      return { name: bridge.name, type: "bridge", status, ipAddress: range?.gateway ?? "", connectedTo: hosts };
    }),
  );
}

const POD_STATES: Readonly<Record<string, ComponentState>> = { Attached: "up", Pending: "degraded", Failed: "down", Released: "down" };

function podComponents({ podNetworks }: NetworkStatusInput): ComponentStatus[] {
  return podNetworks.flatMap(({ spec, status }): ComponentStatus[] => {
    if (spec.pod === undefined) return [];
    const name = spec.pod.namespace === "default" ? spec.pod.name : `${spec.pod.namespace}/${spec.pod.name}`;
    const connectedTo = named(spec.bridge, spec.host);
    return [
      {
        name,
        type: "pod",
        status: POD_STATES[status?.phase ?? "Pending"] ?? "degraded",
        ipAddress: bare(status?.addresses?.[0]),
        connectedTo,
      },
    ];
  });
}

const REQUEST_STATES = { OK: "up", ERROR: "down", TIMEOUT: "down" } as const;

function requestComponents(podNetworks: readonly PodNetwork[]): ComponentStatus[] {
  return podNetworks.flatMap((object): ComponentStatus[] => {
    const { request, bridge, host } = object.spec;
    if (request === undefined) return [];
    const completed = completedAs(object);
    const connectedTo = named(request.podName, bridge, host);
    const status = completed === undefined ? "pending" : REQUEST_STATES[completed];
    return [{ name: request.id, type: "request", status, ipAddress: bare(object.status?.addresses?.[0]), connectedTo }];
  });
}

function bare(address: string | undefined): string {
  return address?.split("/")[0] ?? "";
}

function named(...names: readonly (string | undefined)[]): readonly string[] {
  return names.filter((name): name is string => name !== undefined && name !== "");
}
