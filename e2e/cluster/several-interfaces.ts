import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Cluster } from "@pharos/lab/kubernetes";
import { BRIDGE, SECOND_BRIDGE, SECOND_SUBNET } from "./documents.ts";
import { eventually, nodeName, type PodPlace, podOn, tryInPod } from "./pods.ts";

const NETWORK_STATUS = "k8s.v1.cni.cncf.io/network-status";

/** Claims about pods with several interfaces, and about damage to their bridge. */
export function podsWithSeveralInterfaces(given: () => Cluster): void {
  describe("pods with several interfaces", () => {
    let cluster: Cluster;
    beforeAll(() => {
      cluster = given();
    });

    const podJson = (name: string) => JSON.parse(cluster.kubectl(["get", "pod", name, "--output", "json"]));
    const told = (name: string): unknown => JSON.parse(podJson(name).metadata.annotations?.[NETWORK_STATUS] ?? "[]");
    const secondAddress = (pod: PodPlace) => tryInPod(cluster, pod, ["ip", "-4", "-o", "address", "show", "dev", "net1"]) ?? "";

    test("get them by their annotation, and tell them in another", async () => {
      const spec = { nodeName: nodeName(cluster, 0), terminationGracePeriodSeconds: 0, containers: [container()] };
      const metadata = { name: "two", labels: { app: "two" }, annotations: { "pharos.io/bridge": `${BRIDGE},${SECOND_BRIDGE}` } };
      cluster.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec }));
      cluster.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "pod/two"]);
      const pod = podOn(cluster, "two", 0);
      expect(secondAddress(pod)).toContain(SECOND_SUBNET.replace(/0\/.*$/, ""));
      await eventually(() =>
        expect(told("two")).toMatchObject([
          { name: BRIDGE, interface: "eth0", ips: [pod.address], default: true },
          { name: SECOND_BRIDGE, interface: "net1" },
        ]),
      );
    }, 120_000);

    test("get one more by RequestNetworkPod while they run, and keep what they have", async () => {
      const pod = podOn(cluster, "client", 1);
      const request = { id: "more", podName: `default/${pod.name}`, requestedAt: "2026-01-02T03:04:05Z" };
      const metadata = { name: "request-more", namespace: "default" };
      const spec = { bridge: SECOND_BRIDGE, request };
      cluster.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "pharos.io/v1", kind: "PodNetwork", metadata, spec }));
      const phase = () => JSON.parse(cluster.kubectl(["get", "podnetwork", "request-more", "--output", "json"])).status;
      await eventually(() => expect(phase()).toMatchObject({ phase: "Attached" }));
      expect(secondAddress(pod)).toContain(phase().addresses[0]);
      await eventually(() => expect(told(pod.name)).toMatchObject([{ interface: "eth0" }, { interface: "net1" }]));
      expect(podOn(cluster, "client", 1)).toEqual(pod);
    }, 120_000);

    test("are in their bridge again after somebody deleted it, with their addresses", async () => {
      const [here, there] = [podOn(cluster, "client", 0), podOn(cluster, "client", 1)];
      const reach = () => tryInPod(cluster, here, ["ping", "-c", "1", "-W", "1", there.address]) ?? "";
      expect(reach()).toContain(" 0% packet loss");
      cluster.nodes[0]?.machine.run(["ip", "link", "delete", BRIDGE]);
      await eventually(() => expect(reach()).toContain(" 0% packet loss"));
      expect(podOn(cluster, "client", 0)).toEqual(here);
      cluster.kubectl(["delete", "pod", "two"]);
    }, 120_000);
  });
}

function container(): object {
  return { name: "main", image: "docker.io/pharos-test/busybox:1", command: ["sleep", "infinity"] };
}
