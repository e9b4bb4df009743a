import type { Kind } from "@pharos/kinds";

/** An object as it stands in a cluster where all is well. Test support. */
export interface LivingObject {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: Kind;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
  readonly status?: unknown;
}

const TIME = "2026-01-02T03:04:05Z";
const condition = (type: string, reason: string) => ({ type, status: "True", reason, message: "it is so", lastTransitionTime: TIME });
const FINE = { conditions: [condition("Accepted", "Valid"), condition("Frozen", "InRevision"), condition("InSync", "AllHosts")] };
const HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const living = (kind: Kind, name: string, rest: Pick<LivingObject, "spec" | "status">, namespace?: string): LivingObject => ({
  apiVersion: "pharos.io/v1",
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
});

/** One object of each kind, with more than one entry in lists. */
export const LIVING_OBJECTS: readonly LivingObject[] = [
  living("Node", "vehicle", { spec: { name: "vehicle001", socs: [{ name: "soc1" }, { name: "soc2" }] }, status: FINE }),
  living("Bridge", "bridges", {
    spec: {
      bridges: [
        { name: "podBr0", bridgeFor: "pod", ipam: { ranges: [{ subnet: "10.2.1.0/24" }] } },
        { name: "vmBr0", bridgeFor: "vm", ipam: { ranges: [{ subnet: "10.2.0.0/24" }] } },
      ],
    },
    status: FINE,
  }),
  living("RoutingConfig", "rules", {
    spec: {
      routingInfo: [
        { srcIntfName: "podBr0", dstIntfName: "cloud1", rules: [{ action: "ACCEPT", protocol: "tcp", dstPort: 443 }] },
        { srcIntfName: "podBr0", dstIntfName: "world", rules: [{ action: "DROP", protocol: "all" }] },
      ],
    },
    status: FINE,
  }),
  living("SecurityConfig", "fusion-security", { spec: { security: { service: "fusion" } }, status: FINE }),
  living(
    "ServiceDeployment",
    "services",
    {
      spec: {
        services: [
          { name: "fusion", node: "vm1", protocol: "grpc", ports: [50051] },
          { name: "camera", node: "vm2", protocol: "dds", ports: [7400] },
        ],
      },
      status: FINE,
    },
    "default",
  ),
  living("ConfigRevision", "r-8c7d1f0e-7", {
    spec: { epoch: "8c7d1f0e", number: 7, hash: HASH, content: "H4sI", reason: "documents changed" },
  }),
  living("HostReport", "soc1", {
    spec: { host: "soc1" },
    status: { state: "Committed", revision: { epoch: "8c7d1f0e", number: 7, hash: HASH }, conditions: [condition("Ready", "Committed")] },
  }),
  living(
    "PodNetwork",
    "fusion-0",
    {
      spec: {
        host: "soc1",
        bridge: "podBr0",
        pod: { namespace: "default", name: "fusion-0" },
        request: { id: "5d1d9f1c", podName: "fusion-0", requestedAt: TIME },
      },
      status: { phase: "Attached", addresses: ["10.2.1.5/24", "fd00:1::5/64"] },
    },
    "default",
  ),
  living(
    "ServiceRegistration",
    "fusion",
    { spec: { serviceName: "fusion", host: "10.2.1.5", port: 50051, protocol: "grpc" }, status: { health: "healthy" } },
    "default",
  ),
];
