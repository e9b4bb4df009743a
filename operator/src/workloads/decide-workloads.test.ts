import { describe, expect, test } from "@jest/globals";
import type { DeployedService, HostReport, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { KubernetesObject } from "@pharos/store";
import { stringify } from "yaml";
import { decideWorkloads, type WorkloadsInput } from "./decide-workloads.ts";
import { objectName } from "./kubernetes-objects.ts";

const perception: DeployedService = { name: "perception", node: "vm1", protocol: "grpc", ports: [50051], image: "vehicle/perception:1" };
const fusion: DeployedService = { ...perception, name: "fusion", image: "vehicle/fusion:1", dependsOn: ["perception"] };
const native: DeployedService = { name: "camera_feed", node: "soc1", protocol: "someip", ports: [30490, 30501] };

function deployment(...services: DeployedService[]): ServiceDeployment {
  return {
    apiVersion: "pharos.io/v1",
    kind: "ServiceDeployment",
    metadata: { name: "services", namespace: "default", uid: "u1" },
    spec: { services },
  };
}

const report = (host: string, node?: string): HostReport => ({
  apiVersion: "pharos.io/v1",
  kind: "HostReport",
  metadata: { name: host, ...(node === undefined ? {} : { annotations: { "pharos.io/node": node } }) },
  spec: { host },
});

function decide(services: readonly DeployedService[], more: Partial<WorkloadsInput> = {}) {
  const given = { deployments: [deployment(...services)], kept: new Set<string>(), registrations: [], objects: [] };
  return decideWorkloads({ ...given, reports: [report("vm1", "node-b")], ...more });
}

const names = (objects: readonly KubernetesObject[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const ready = (object: KubernetesObject): KubernetesObject => Object.assign({ ...object }, { status: { readyReplicas: 1 } });

describe("services on Kubernetes", () => {
  test("an image becomes a Deployment pinned to the host's node, and a Service", () => {
    const { apply } = decide([{ ...perception, resources: { cpu: "500m", memory: "256K" } }]);
    expect(stringify(apply)).toMatchSnapshot();
  });

  test("a service starts only when what it depends on is ready, and is not stopped when that fails later", () => {
    const first = decide([perception, fusion]);
    expect(names(first.apply)).toEqual(["Deployment perception", "Service perception"]);
    expect(first.states.get("ServiceDeployment/default/services")).toEqual([
      { name: "perception", node: "node-b", state: "pending", message: "its container is not ready yet" },
      { name: "fusion", node: "node-b", state: "pending", message: "waits for perception" },
    ]);
    const second = decide([perception, fusion], { objects: first.apply.map(ready) });
    expect(names(second.apply)).toEqual(["Deployment fusion", "Service fusion"]);
    const third = decide([perception, fusion], { objects: [...first.apply, ...second.apply] });
    expect(third.apply).toEqual([]);
    expect(third.remove).toEqual([]);
  });

  test("a native service becomes one registry entry a port, and is depended on at once", () => {
    const { register, apply } = decide([native, { ...fusion, dependsOn: ["camera_feed"] }]);
    expect(register.map(({ metadata, spec }) => [metadata.name, spec.serviceName, spec.host, spec.port])).toEqual([
      [`${objectName("services-camera_feed", 240)}-30490`, "camera_feed", "soc1", 30490],
      [`${objectName("services-camera_feed", 240)}-30501`, "camera_feed", "soc1", 30501],
    ]);
    expect(names(apply)).toEqual(["Deployment fusion", "Service fusion"]);
  });

  test("an image on a machine outside Kubernetes fails with the reason", () => {
    const { apply, states } = decide([{ ...perception, node: "cloud_vm1" }]);
    expect(apply).toEqual([]);
    expect(states.get("ServiceDeployment/default/services")?.[0]).toMatchObject({
      state: "failed",
      message: expect.stringContaining("cloud_vm1"),
    });
  });

  test("equal content is not applied again; a changed image is", () => {
    const { apply } = decide([perception]);
    expect(decide([perception], { objects: apply }).apply).toEqual([]);
    expect(names(decide([{ ...perception, image: "vehicle/perception:2" }], { objects: apply }).apply)).toEqual(["Deployment perception"]);
  });

  test("what no document names is removed, except while its document is not valid", () => {
    const { apply } = decide([perception]);
    const { register } = decide([native]);
    const gone = decide([], { objects: apply, registrations: register });
    expect(names(gone.remove)).toEqual(["Deployment perception", "Service perception"]);
    expect(gone.unregister).toHaveLength(2);
    const kept = new Set(["ServiceDeployment/default/services"]);
    const invalid = decideWorkloads({ deployments: [], kept, reports: [], registrations: register, objects: apply });
    expect([invalid.remove, invalid.unregister]).toEqual([[], []]);
  });

  test("a service that can be placed nowhere any more stays where it runs, and says so", () => {
    const { apply } = decide([perception]);
    const { remove, states, ...lost } = decide([perception], { objects: apply, reports: [] });
    expect([lost.apply, remove]).toEqual([[], []]);
    expect(states.get("ServiceDeployment/default/services")?.[0]).toMatchObject({ state: "failed" });
  });

  test("nothing is applied over what others made, and what is of no document is not removed", () => {
    const { apply, states } = decide([perception], { taken: new Set(["Service default/perception"]) });
    expect(apply).toEqual([]);
    expect(states.get("ServiceDeployment/default/services")?.[0]?.message).toContain("Service default/perception is there");
    const byHand = { apiVersion: "v1", kind: "Service", metadata: { name: "perception", namespace: "default" } };
    expect(decide([perception], { objects: [byHand] })).toMatchObject({ apply: [], remove: [] });
  });

  test("a Deployment whose last change does not come up runs as before, and shows why", () => {
    const [object] = decide([perception]).apply;
    const conditions = [{ type: "Progressing", status: "False", message: "image not found" }];
    const half = { ...object, status: { readyReplicas: 1, conditions } } as KubernetesObject;
    expect(decide([perception], { objects: [half] }).states.get("ServiceDeployment/default/services")?.[0]).toMatchObject({
      state: "running",
      message: "runs as before its last change: image not found",
    });
  });

  test("only what is always TCP is probed by a connection", () => {
    const probed = (["grpc", "rest", "tcp", "someip", "udp", "dds"] as const).filter((protocol) =>
      stringify(decide([{ ...perception, protocol }]).apply).includes("readinessProbe"),
    );
    expect(probed).toEqual(["grpc", "rest", "tcp"]);
  });

  test("registry entries of others are left alone", () => {
    const foreign: ServiceRegistration = {
      apiVersion: "pharos.io/v1",
      kind: "ServiceRegistration",
      metadata: { name: "radio", namespace: "default" },
      spec: { serviceName: "radio", host: "10.0.0.1", port: 80, protocol: "rest" },
    };
    expect(decide([native], { registrations: [foreign] }).unregister).toEqual([]);
  });

  test("a Deployment that does not progress shows why", () => {
    const { apply } = decide([perception]);
    const [object] = apply;
    const stuck = {
      ...object,
      status: { conditions: [{ type: "Progressing", status: "False", message: "image not found" }] },
    } as KubernetesObject;
    const { states } = decide([perception], { objects: [stuck] });
    expect(states.get("ServiceDeployment/default/services")).toEqual([
      { name: "perception", node: "node-b", state: "failed", message: "image not found" },
    ]);
  });

  test("two service names never share a name in Kubernetes", () => {
    expect(new Set(["a_b", "a-b", "a.b", "A-b"].map((name) => objectName(name, 63))).size).toBe(4);
    expect(objectName(`1${"x".repeat(80)}`, 63)).toMatch(/^s-1x+-[0-9a-f]{6}$/);
  });
});
