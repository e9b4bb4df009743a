import type { Host, PlacedBridge, Vehicle } from "@pharos/compiler";
import { formatIp } from "@pharos/hoststate";
import type { HostReport, PodNetwork } from "@pharos/kinds";
import type { ComponentStatus } from "@pharos/rpc";
import { completedAs } from "../requests/completed.ts";

export interface NetworkStatusInput {
  /** Undefined while there is no Node document. */
  readonly vehicle: Vehicle | undefined;
  readonly reports: readonly HostReport[];
  readonly podNetworks: readonly PodNetwork[];
  /** Undefined: every host with a report. */
  readonly connected: ReadonlySet<string> | undefined;
}

type ComponentState = "up" | "down" | "degraded" | "unknown";
type StateOf = (host: string) => ComponentState;

/** All components: SoCs and VMs in document order, then bridges, pods, requests. */
export function networkStatus(input: NetworkStatusInput): readonly ComponentStatus[] {
  const stateOf = hostStates(input);
  const { hosts = [], bridges = [] } = input.vehicle ?? {};
  return [
    ...hosts.map((host) => hostComponent(host, hosts, { reports: input.reports, stateOf })),
    ...bridges.map((bridge) => bridgeComponent(bridge, stateOf)),
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

/** Of a machine without an agent nothing is known. */
function hostStates({ vehicle, reports, connected }: NetworkStatusInput): StateOf {
  const byHost = new Map(reports.map((report) => [report.spec.host, report.status?.state]));
  const unmanaged = new Set(vehicle?.hosts.filter(({ managed }) => !managed).map(({ name }) => name));
  return (host) => {
    if (unmanaged.has(host)) return "unknown";
    const state = byHost.get(host);
    if (state === undefined || connected?.has(host) === false) return "down";
    return state === "Committed" ? "up" : "degraded";
  };
}

interface Seen {
  readonly reports: readonly HostReport[];
  readonly stateOf: StateOf;
}

function hostComponent(host: Host, hosts: readonly Host[], { reports, stateOf }: Seen): ComponentStatus {
  const names = new Set(host.interfaces.map(({ name }) => name));
  const reported = reports.find(({ spec }) => spec.host === host.name)?.status?.interfaces ?? [];
  const leased = reported.filter(({ name }) => names.has(name)).flatMap(({ addresses }) => addresses ?? []);
  const declared = host.interfaces.find(({ address }) => address !== undefined)?.address;
  return {
    name: host.name,
    type: host.kind,
    status: stateOf(host.name),
    ipAddress: declared === undefined ? bare(leased[0]) : formatIp(declared.ip),
    connectedTo: host.parent === undefined ? hosts.filter(({ parent }) => parent === host.name).map(({ name }) => name) : [host.parent],
  };
}

/** A bridge is as its carriers are; its address is the gateway of its first block. */
function bridgeComponent({ name, hosts, ranges }: PlacedBridge, stateOf: StateOf): ComponentStatus {
  const ups = hosts.filter((host) => stateOf(host) === "up").length;
  const status = ups === 0 ? "down" : ups === hosts.length ? "up" : "degraded";
  const [range] = ranges;
  const gateway = range?.gateway ?? range?.blocks[0]?.gateway;
  return { name, type: "bridge", status, ipAddress: gateway === undefined ? "" : formatIp(gateway), connectedTo: [...hosts] };
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
