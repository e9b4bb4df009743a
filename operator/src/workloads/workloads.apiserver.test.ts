import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { DeployedService, ServiceDeploymentStatus } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { applyAll, eventually, podBridge, startOperator, type TestOperator, vehicle } from "../test-operator.ts";

const camera: DeployedService = { name: "camera", node: "soc1", protocol: "someip", ports: [30490, 30501] };
const perception: DeployedService = { name: "perception", node: "soc1", protocol: "grpc", ports: [50051], image: "vehicle/perception:1" };
const fusion: DeployedService = { name: "fusion", node: "soc1", protocol: "dds", ports: [7400], image: "vehicle/fusion:1" };

let api: ApiWithKinds;
let operator: TestOperator;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  create(vehicle(), report("soc1", "node-a"));
  operator = await startOperator(api.kubeconfig);
}, 60_000);

afterAll(async () => {
  await operator?.stop();
  await api?.stop();
});

// No garbage collector runs here.
afterEach(() => void api.kubectl(["delete", "psd,psr,deployments,services", "-l", "!provider", "-n", "default"]));

const create = (...documents: readonly object[]) => applyAll(api, documents);

function report(host: string, node: string): object {
  return {
    apiVersion: "pharos.io/v1",
    kind: "HostReport",
    metadata: { name: host, annotations: { "pharos.io/node": node } },
    spec: { host },
  };
}

function deploy(...services: readonly DeployedService[]): void {
  create({
    apiVersion: "pharos.io/v1",
    kind: "ServiceDeployment",
    metadata: { name: "services", namespace: "default" },
    spec: { services },
  });
}

/** What the tests look at in a document, a Deployment, a Service or a registry entry. */
interface Stored {
  readonly metadata: { readonly uid: string; readonly ownerReferences?: readonly object[] };
  readonly spec: {
    readonly selector?: { readonly matchLabels?: object };
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[]; readonly affinity?: object } };
  };
  readonly status?: ServiceDeploymentStatus;
}

/** An object as it is stored; undefined when it is not there. */
function read(kind: string, name: string): Stored | undefined {
  const text = api.kubectl(["get", kind, name, "-n", "default", "-o", "json", "--ignore-not-found"]);
  return text === "" ? undefined : (JSON.parse(text) as Stored);
}

const image = (deployment: Stored | undefined) => deployment?.spec.template.spec.containers[0]?.image;
const there = (kind: string, name: string) => eventually(`${kind} ${name}`, async () => read(kind, name));
const gone = (kind: string, name: string) =>
  eventually(`${kind} ${name} is gone`, async () => (read(kind, name) === undefined ? true : undefined));
const names = (kind: string) => api.kubectl(["get", kind, "-n", "default", "-l", "!provider", "-o", "name"]).split("\n").filter(Boolean);

type ServiceState = NonNullable<ServiceDeploymentStatus["services"]>[number];

/** The state of a service, once it is this one. */
function state(name: string, want: ServiceState["state"], limit?: number): Promise<ServiceState> {
  const find = async () => {
    return read("psd", "services")?.status?.services?.find((each) => each.name === name && each.state === want);
  };
  return eventually(`${name} is ${want}`, find, limit);
}

/** What a controller would write. */
function tell(deployment: string, status: object): void {
  api.kubectl([
    "patch",
    "deployment",
    deployment,
    "-n",
    "default",
    "--subresource=status",
    "--type=merge",
    "-p",
    JSON.stringify({ status }),
  ]);
}

const READY = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [] };
const STUCK = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "has timed out progressing" };

const conditionOf = (document: string, type: string, reason: string) =>
  eventually(`${document} ${type} ${reason}`, async () =>
    read("psd", document)?.status?.conditions?.find((each) => each.type === type && each.reason === reason),
  );

describe("services on a real API server", () => {
  test("an image becomes a Deployment and a Service that the document owns, and the status follows the Deployment's", async () => {
    deploy({ ...perception, resources: { cpu: "0.5", memory: "256K" } });
    const [deployment, service] = [await there("deployment", "perception"), await there("service", "perception")];
    const { uid } = (await there("psd", "services")).metadata;
    const owner = {
      apiVersion: "pharos.io/v1",
      kind: "ServiceDeployment",
      name: "services",
      uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    expect([deployment.metadata.ownerReferences, service.metadata.ownerReferences]).toEqual([[owner], [owner]]);
    const { containers, affinity } = deployment.spec.template.spec;
    expect(containers[0]).toMatchObject({ image: "vehicle/perception:1", resources: { limits: { cpu: "500m", memory: "256k" } } });
    expect(JSON.stringify(affinity)).toContain('"values":["node-a"]');
    expect(service.spec).toMatchObject({ selector: deployment.spec.selector?.matchLabels, ports: [{ port: 50051, targetPort: 50051 }] });
    expect(await state("perception", "pending")).toMatchObject({ node: "node-a", message: "its container is not ready yet" });
    tell("perception", READY);
    expect(await state("perception", "running")).toEqual({ name: "perception", node: "node-a", state: "running" });
    tell("perception", { ...READY, readyReplicas: 0, availableReplicas: 0, conditions: [STUCK] });
    expect(await state("perception", "failed")).toMatchObject({ message: "has timed out progressing" });
  }, 60_000);

  test("a service that depends on another is started when that one is ready, and stays when it is not any more", async () => {
    deploy(perception, { ...fusion, dependsOn: ["perception"] });
    expect(await state("fusion", "pending")).toMatchObject({ message: "waits for perception" });
    await there("deployment", "perception");
    expect(names("deployment")).toEqual(["deployment.apps/perception"]);
    tell("perception", READY);
    await there("deployment", "fusion");
    tell("perception", { ...READY, readyReplicas: 0, availableReplicas: 0 });
    await state("perception", "pending");
    expect(names("deployment")).toEqual(["deployment.apps/fusion", "deployment.apps/perception"]);
  }, 60_000);

  test("another image changes the same Deployment; nothing is written while nothing changes", async () => {
    deploy(perception, camera);
    const first = await there("deployment", "perception");
    tell("perception", READY);
    await state("perception", "running");
    const versions = () => JSON.parse(api.kubectl(["get", "psd,psr,deployments,services", "-n", "default", "-o", "json"])).items;
    await systemClock.sleep(1500);
    const before = versions();
    await systemClock.sleep(3000);
    expect(versions()).toEqual(before);
    deploy({ ...perception, image: "vehicle/perception:2" }, camera);
    const second = await eventually("the image", async () => {
      const found = read("deployment", "perception");
      return image(found) === "vehicle/perception:2" ? found : undefined;
    });
    expect([second.metadata.uid, second.spec.template.spec.containers.length]).toEqual([first.metadata.uid, 1]);
  }, 60_000);

  test("a service that the document no longer names is removed, the others stay", async () => {
    deploy(perception, fusion, camera);
    await there("service", "fusion");
    const { uid } = await there("deployment", "perception").then(({ metadata }) => metadata);
    deploy(perception);
    await gone("deployment", "fusion");
    await gone("service", "fusion");
    await eventually("no entries", async () => (names("psr").length === 0 ? true : undefined));
    expect(read("deployment", "perception")?.metadata.uid).toBe(uid);
  }, 60_000);

  test("while a document is not valid what runs for it stays as it is", async () => {
    deploy(perception, fusion, camera);
    await there("service", "fusion");
    await eventually("entries", async () => (names("psr").length === 2 ? true : undefined));
    deploy({ ...perception, image: "vehicle/perception:2", dependsOn: ["radar"] });
    await conditionOf("services", "Accepted", "Invalid");
    await systemClock.sleep(1500);
    expect(names("deployment")).toEqual(["deployment.apps/fusion", "deployment.apps/perception"]);
    expect(names("psr")).toHaveLength(2);
    expect(image(read("deployment", "perception"))).toBe("vehicle/perception:1");
  }, 60_000);

  test("a native service is a registry entry a port, which the document owns and takes with it", async () => {
    deploy(camera);
    expect(await state("camera", "registered")).toEqual({ name: "camera", state: "registered" });
    await eventually("entries", async () => (names("psr").length === 2 ? true : undefined));
    const entry = await there("psr", "services-camera-30490");
    expect(entry.spec).toEqual({ serviceName: "camera", host: "soc1", port: 30490, protocol: "someip" });
    expect(entry.metadata.ownerReferences).toMatchObject([{ kind: "ServiceDeployment", name: "services" }]);
    api.kubectl(["delete", "psd", "services", "-n", "default"]);
    await eventually("no entries", async () => (names("psr").length === 0 ? true : undefined));
    expect(names("deployment")).toEqual([]);
  }, 60_000);

  test("a Service or Deployment of that name that others made is left alone, the service fails with the reason, the others run", async () => {
    const mine = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "perception", namespace: "default" },
      spec: { ports: [{ port: 80 }] },
    };
    create(mine);
    const before = read("service", "perception");
    deploy(perception, fusion, { ...fusion, name: "kubernetes" });
    await there("service", "fusion");
    expect(await state("perception", "failed")).toMatchObject({ message: expect.stringContaining("Service default/perception is there") });
    await state("kubernetes", "failed");
    expect(read("service", "perception")).toEqual(before);
    expect(read("service", "kubernetes")?.spec.selector).toBeUndefined();
    expect(names("deployment")).toEqual(["deployment.apps/fusion"]);
    api.kubectl(["delete", "service", "perception", "-n", "default"]);
    // Nothing tells of what others delete: the next round finds it.
    await state("perception", "pending", 45_000);
    await there("service", "perception");
  }, 90_000);

  test("what carries our label and is of no document is not removed", async () => {
    const labels = { "app.kubernetes.io/managed-by": "pharos" };
    create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "by-hand", namespace: "default", labels },
      spec: { ports: [{ port: 80 }] },
    });
    deploy(perception);
    await there("service", "perception");
    await systemClock.sleep(1500);
    expect(names("service").sort()).toEqual(["service/by-hand", "service/perception"]);
  }, 60_000);

  test("a service whose host has no report for a while goes on running", async () => {
    deploy(perception);
    await there("service", "perception");
    api.kubectl(["delete", "hostreport", "soc1"]);
    expect(await state("perception", "failed")).toMatchObject({ message: expect.stringContaining("soc1") });
    await systemClock.sleep(1000);
    expect(names("deployment")).toEqual(["deployment.apps/perception"]);
    create(report("soc1", "node-b"));
    await eventually("it moves", async () =>
      JSON.stringify(read("deployment", "perception")?.spec).includes('["node-b"]') ? true : undefined,
    );
    create(report("soc1", "node-a"));
  }, 60_000);

  test("a Deployment that the API server refuses holds up no other service and no revision, and is taken when it may be", async () => {
    create(...refusal("no-fusion", "!object.spec.template.spec.containers.exists(c, c.image.contains('fusion'))", "no fusion here"));
    await eventually("the policy is in force", async () => {
      try {
        api.kubectl(["create", "deployment", "probe", "--image=fusion", "-n", "default", "--dry-run=server"]);
        return undefined;
      } catch {
        return true;
      }
    });
    deploy(fusion, perception);
    await there("deployment", "perception");
    expect(await state("fusion", "failed")).toMatchObject({ message: expect.stringContaining("no fusion here") });
    const revisions = () => api.kubectl(["get", "prev", "-o", "name"]).split("\n").length;
    for (const subnet of ["10.3.1.0/24", "10.3.2.0/24", "10.3.3.0/24"]) {
      const before = revisions();
      create(podBridge("podBr1", subnet));
      await eventually("a revision", async () => (revisions() > before ? true : undefined), 5000);
    }
    expect(operator.lines.filter((line) => line.includes("PHAROS-3204"))).toHaveLength(1);
    api.kubectl(["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "no-fusion"]);
    await there("deployment", "fusion");
    await state("fusion", "pending");
  }, 90_000);

  test("without the right to see Deployments revisions are made all the same, and services stay as they are", async () => {
    deploy(perception);
    await there("deployment", "perception");
    await operator.stop();
    create(...rights("network-only"));
    operator = await startOperator(await api.writeKubeconfig("network-only"));
    const revisions = () => api.kubectl(["get", "prev", "-o", "name"]).split("\n").length;
    const before = revisions();
    deploy(perception, fusion);
    create(podBridge("podBr0", "10.2.1.0/24"));
    await eventually("a revision", async () => (revisions() > before ? true : undefined));
    await eventually("the log", async () => (operator.lines.some((line) => line.includes("deployments")) ? true : undefined));
    expect(names("deployment")).toEqual(["deployment.apps/perception"]);
    expect(await state("perception", "pending")).toBeDefined();
  }, 60_000);
});

/** What makes an API server refuse Deployments. */
function refusal(name: string, expression: string, message: string): readonly object[] {
  const group = "admissionregistration.k8s.io/v1";
  const resourceRules = [{ apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["CREATE", "UPDATE"] }];
  const spec = { failurePolicy: "Fail", matchConstraints: { resourceRules }, validations: [{ expression, message }] };
  return [
    { apiVersion: group, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec },
    {
      apiVersion: group,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}

/** All that the network needs, and nothing of workloads. */
function rights(user: string): readonly object[] {
  const rules = [
    { apiGroups: ["pharos.io", "coordination.k8s.io", "events.k8s.io"], resources: ["*"], verbs: ["*"] },
    { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
  ];
  const group = "rbac.authorization.k8s.io";
  const roleRef = { apiGroup: group, kind: "ClusterRole", name: user };
  return [
    { apiVersion: `${group}/v1`, kind: "ClusterRole", metadata: { name: user }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: user },
      roleRef,
      subjects: [{ apiGroup: group, kind: "User", name: user }],
    },
  ];
}
