import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { documentTitle } from "@pharos/compiler";
import type { DeployedService, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { KubernetesObject, OwnerReference } from "@pharos/store";

/** Label that ties pods to the service that they run. */
const SERVICE_LABEL = "pharos.io/service";

/** Annotation that holds a hash of what was applied, so that equal content is not applied again. */
export const CONTENT_ANNOTATION = "pharos.io/content";

/** Annotation that names the document an object was made for; the embedded store keeps no owner references. */
export const OWNER_ANNOTATION = "pharos.io/owner";

/** A Deployment or Service as we apply it. */
export interface WorkloadObject extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What runs one service: a Deployment pinned to the node, and a Service of its name for the others to find it. */
export function workloadObjects(owner: ServiceDeployment, service: DeployedService, node: string): readonly WorkloadObject[] {
  return [deploymentOf(owner, service, node), serviceOf(owner, service)];
}

/** Kinds of the objects that run a service. */
export const WORKLOAD_KINDS = ["Deployment", "Service"] as const;

/** Where an object of a service is. */
export function workloadPlace({ metadata: { namespace = "default" } }: ServiceDeployment, { name }: DeployedService, kind: string) {
  return { kind, metadata: { name: objectName(name, 63), namespace } };
}

/** Registry entries of a service that Kubernetes does not run: one a port. */
export function registrationsOf(owner: ServiceDeployment, service: DeployedService): readonly ServiceRegistration[] {
  const { namespace = "default", name } = owner.metadata;
  return service.ports.map((port) => ({
    apiVersion: "pharos.io/v1",
    kind: "ServiceRegistration",
    metadata: {
      name: `${objectName(`${name}-${service.name}`, 240)}-${port}`,
      namespace,
      labels: ourLabels(service),
      annotations: { [OWNER_ANNOTATION]: documentTitle(owner) },
      ...ownedBy(owner),
    },
    spec: { serviceName: service.name, host: service.node, port, protocol: service.protocol },
  }));
}

function deploymentOf(owner: ServiceDeployment, service: DeployedService, node: string): WorkloadObject {
  const labels = { [SERVICE_LABEL]: service.name };
  const onNode = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  return object(owner, service, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels: { ...ourLabels(service), ...labels } },
        spec: {
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [onNode] } } },
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          containers: [container(service)],
        },
      },
    },
  });
}

function container(service: DeployedService): Readonly<Record<string, unknown>> {
  const { cpu, memory } = service.resources ?? {};
  const amounts = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory: kubernetesQuantity(memory) }) };
  const [probed] = service.ports;
  // SOME/IP may be served by UDP alone: only a protocol that is always TCP tells by a connection whether it is ready.
  const answers = isDeepStrictEqual(transports(service), ["TCP"]) && probed !== undefined;
  return {
    name: "service",
    image: service.image,
    ports: portList(service).map(({ name, port, protocol }) => ({ name, containerPort: port, protocol })),
    ...(Object.keys(amounts).length === 0 ? {} : { resources: { requests: amounts, limits: amounts } }),
    ...(answers ? { readinessProbe: { tcpSocket: { port: probed }, periodSeconds: 2, failureThreshold: 3 } } : {}),
  };
}

/** Kubernetes writes the thousand as a lower-case k. */
function kubernetesQuantity(memory: string): string {
  return memory.replace(/K$/, "k");
}

function serviceOf(owner: ServiceDeployment, service: DeployedService): WorkloadObject {
  return object(owner, service, {
    apiVersion: "v1",
    kind: "Service",
    spec: {
      selector: { [SERVICE_LABEL]: service.name },
      ports: portList(service).map(({ name, port, protocol }) => ({ name, port, protocol, targetPort: port })),
    },
  });
}

type Transport = "TCP" | "UDP";

/** What carries the protocol; SOME/IP uses both (AUTOSAR PRS_SOMEIPProtocol). */
function transports({ protocol }: DeployedService): readonly Transport[] {
  if (protocol === "someip") return ["TCP", "UDP"];
  return protocol === "dds" || protocol === "udp" ? ["UDP"] : ["TCP"];
}

function portList(service: DeployedService): readonly { readonly name: string; readonly port: number; readonly protocol: Transport }[] {
  return service.ports.flatMap((port) =>
    transports(service).map((protocol) => ({ name: `${protocol.toLowerCase()}-${port}`, port, protocol })),
  );
}

interface Content {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

function object(owner: ServiceDeployment, service: DeployedService, content: Content): WorkloadObject {
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  const annotations = { [CONTENT_ANNOTATION]: hash, [OWNER_ANNOTATION]: documentTitle(owner) };
  const place = workloadPlace(owner, service, content.kind);
  return { ...content, metadata: { ...place.metadata, labels: ourLabels(service), annotations, ...ownedBy(owner) } };
}

function ourLabels(service: DeployedService): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/managed-by": "pharos", "app.kubernetes.io/name": service.name };
}

function ownedBy({ metadata }: ServiceDeployment): { readonly ownerReferences?: readonly OwnerReference[] } {
  const { uid, name } = metadata;
  if (uid === undefined) return {};
  return {
    ownerReferences: [{ apiVersion: "pharos.io/v1", kind: "ServiceDeployment", name, uid, controller: true, blockOwnerDeletion: true }],
  };
}

/** A name that Kubernetes takes (RFC 1035 label); one that had to be changed carries a hash, so that two never meet. */
export function objectName(name: string, longest: number): string {
  const clean = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .replace(/^(?=[^a-z])/, "s-");
  if (clean === name && clean.length <= longest) return clean;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${clean.slice(0, longest - 7).replace(/-+$/, "")}-${hash}`;
}
