import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Cluster, requireKubeAsset } from "@pharos/lab/kubernetes";
import { BRIDGE, OUTSIDE_ZONE, routing } from "./documents.ts";
import { NAMESPACE, OUTSIDE_PORT } from "./pharos-cluster.ts";
import { eventually, nodeName } from "./pods.ts";

const PHAROSCTL = fileURLToPath(new URL("../../dist/pharosctl.mjs", import.meta.url));
const SOCKET = "unix:/run/pharos/pharos.sock";

interface ServiceState {
  readonly name: string;
  readonly state: string;
  readonly node?: string;
  readonly message?: string;
}

/** Claims about what tells a person how Pharos stands. */
export function toolsOnCluster(given: () => Cluster): void {
  describe("on the cluster", () => {
    let cluster: Cluster;
    beforeAll(() => {
      cluster = given();
    });
    /** pharosctl where the bridge's socket is; its output, and what it says in an error. */
    const beside = (...args: readonly string[]) =>
      cluster.kubectl(["exec", "--namespace", NAMESPACE, "deployment/pharos-bridge", "--", "pharosctl", ...args, "--server", SOCKET]);

    test("helm test passes while everything runs", () => {
      expect(cluster.helm(["test", "pharos", "--namespace", NAMESPACE, "--timeout", "90s"])).toMatch(/Phase: +Succeeded/);
    }, 120_000);

    test("pharosctl check finds no error, neither by kubectl nor by the Pharos API", () => {
      const { NODE_OPTIONS: _options, ...env } = process.env;
      const args = ["check", "--no-host", "--kubectl", requireKubeAsset("kubectl", process.env), "--kubeconfig", cluster.api.kubeconfig];
      const text = execFileSync(process.execPath, [PHAROSCTL, ...args, "--output", "json"], { encoding: "utf8", env });
      const errors = (JSON.parse(text) as readonly { readonly severity: string }[]).filter(({ severity }) => severity === "ERROR");
      expect(errors).toEqual([]);
      expect(beside("check", "--no-cluster", "--no-host")).toContain("nothing stands in the way");
    }, 120_000);

    test("pharosctl status names hosts and the bridge through the Pharos API, and explain why a packet passes and another not", () => {
      const lines = beside("status").split("\n");
      for (const name of [nodeName(cluster, 0), nodeName(cluster, 1)])
        expect(lines.find((line) => line.startsWith(`${name} `))).toMatch(/^\S+ +soc +up /);
      expect(lines.find((line) => line.startsWith(`${BRIDGE} `))).toMatch(/^\S+ +bridge +up /);
      const flow = ["explain", BRIDGE, OUTSIDE_ZONE, `tcp/${OUTSIDE_PORT}`];
      expect(() => beside(...flow)).toThrow("exit code 4");
      cluster.kubectl(["apply", "--server-side", "-f", "-"], routing(OUTSIDE_PORT));
      cluster.kubectl(["wait", "--for=condition=InSync", "--timeout=60s", "routingconfigs.pharos.io/outside"]);
      expect(beside(...flow)).toMatch(/^ACCEPT [\s\S]*RoutingConfig\/outside/);
      cluster.kubectl(["delete", "routingconfigs.pharos.io", "outside"]);
    }, 120_000);
  });
}

/** Claims about a ServiceDeployment. */
export function servicesOnCluster(given: () => Cluster): void {
  describe("a ServiceDeployment", () => {
    let cluster: Cluster;
    beforeAll(() => {
      cluster = given();
    });
    const states = () => {
      const { status } = JSON.parse(cluster.kubectl(["get", "psd", "vehicle", "--output", "json"])) as {
        readonly status?: { readonly services?: readonly ServiceState[] };
      };
      return Object.fromEntries((status?.services ?? []).map((service) => [service.name, service]));
    };

    test("runs images on the nodes that it names, one after the other it depends on, and registers what runs by itself", async () => {
      const [one, two] = [nodeName(cluster, 0), nodeName(cluster, 1)];
      // It ends when it is told to, at once.
      const image = "pharos-test/coredns:1";
      const services = [
        // Served by UDP or both: nothing in the image answers, so nothing may ask for a connection.
        { name: "fusion", node: two, protocol: "dds", ports: [7400], image, dependsOn: ["camera"] },
        { name: "camera", node: one, protocol: "someip", ports: [30490], image },
        { name: "radar", node: two, protocol: "someip", ports: [30501] },
        { name: "lost", node: "nowhere", protocol: "dds", ports: [7401], image },
      ];
      const metadata = { name: "vehicle", namespace: "default" };
      const document = { apiVersion: "pharos.io/v1", kind: "ServiceDeployment", metadata, spec: { services } };
      cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(document));
      await eventually(() => {
        const { fusion, camera, radar, lost } = states();
        expect([camera, fusion]).toMatchObject([
          { state: "running", node: one },
          { state: "running", node: two },
        ]);
        expect([radar?.state, lost?.state]).toEqual(["registered", "failed"]);
      }, 60_000);
      const { items } = JSON.parse(cluster.kubectl(["get", "pods", "--selector", "pharos.io/service", "--output", "json"])) as {
        readonly items: readonly {
          readonly metadata: { readonly labels: Record<string, string>; readonly creationTimestamp: string };
          readonly spec: { readonly nodeName: string };
        }[];
      };
      const placed = items.map(({ metadata, spec }) => `${metadata.labels["pharos.io/service"]} on ${spec.nodeName}`);
      expect(placed.sort()).toEqual([`camera on ${one}`, `fusion on ${two}`]);
      const born = Object.fromEntries(
        items.map(({ metadata }) => [metadata.labels["pharos.io/service"], Date.parse(metadata.creationTimestamp)]),
      );
      expect(born.fusion).toBeGreaterThanOrEqual(born.camera ?? Number.POSITIVE_INFINITY);
      expect(cluster.kubectl(["get", "psr", "--output", "jsonpath={.items[*].spec.serviceName}"])).toBe("radar");
    }, 120_000);

    test("takes all that it made along when it goes", async () => {
      cluster.kubectl(["delete", "psd", "vehicle"]);
      const ours = ["--selector", "app.kubernetes.io/managed-by=pharos"];
      await eventually(
        () => expect(cluster.kubectl(["get", "deployments,services,pods,psr", ...ours, "--output", "name"])).toBe(""),
        60_000,
      );
    }, 120_000);
  });
}
