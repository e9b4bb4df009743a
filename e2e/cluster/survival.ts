import { beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { Cluster } from "@pharos/lab/kubernetes";
import type { PingCount } from "../probe/steady.ts";
import { agentNetworkOf, agentProcess, killAgent, networkOf, wipeNetwork } from "./host-network.ts";
import { chartArguments, NAMESPACE } from "./pharos-cluster.ts";
import { eventually, fetchFrom, type PodPlace, podOn, steadyPing } from "./pods.ts";

/** Packets that two pods' pings lose, both ways, while something happens. */
export async function lostPackets(
  cluster: Cluster,
  [one, two]: readonly [PodPlace, PodPlace],
  during: () => Promise<unknown>,
): Promise<number> {
  const pings = [steadyPing(cluster, one, two), steadyPing(cluster, two, one)];
  let counts: readonly PingCount[] = [];
  try {
    await during();
  } finally {
    counts = await Promise.all(pings.map((ping) => ping.stop()));
  }
  for (const { sent } of counts) expect(sent).toBeGreaterThan(20);
  return counts.reduce((sum, { sent, received }) => sum + sent - received, 0);
}

function untilAgentsRun({ kubectl }: Cluster): void {
  kubectl(["rollout", "status", "--namespace", NAMESPACE, "daemonset/pharos-agent", "--timeout=150s"]);
}

/** Claims about pods while agents, kubelet, containerd and the API server die. */
export function survivalOfDaemons(given: () => Cluster): void {
  describe("running pods, when daemons die,", () => {
    let cluster: Cluster;
    let one: PodPlace;
    let two: PodPlace;
    beforeAll(() => {
      cluster = given();
      [one, two] = [podOn(cluster, "server", 0), podOn(cluster, "server", 1)];
    });
    const lostDuring = (during: () => Promise<unknown>) => lostPackets(cluster, [one, two], during);
    const expectSamePods = () => expect([podOn(cluster, "server", 0), podOn(cluster, "server", 1)]).toEqual([one, two]);

    test("lose no packet while an agent is killed and comes back", async () => {
      const before = networkOf(cluster.nodes[0]);
      const first = agentProcess(cluster.nodes[0]);
      const count = await lostDuring(async () => {
        killAgent(cluster.nodes[0]);
        await eventually(() => expect(agentProcess(cluster.nodes[0])).not.toBe(first), 60_000);
        // It has read the store again and had its say by then.
        await systemClock.sleep(3000);
        untilAgentsRun(cluster);
      });
      expect(count).toBe(0);
      expect(networkOf(cluster.nodes[0])).toEqual(before);
    }, 200_000);

    test("lose no packet while kubelet and containerd stop and start, and pods come and go afterwards", async () => {
      const [node] = cluster.nodes;
      const count = await lostDuring(async () => {
        await node?.stopDaemons();
        await node?.startDaemons();
        cluster.kubectl(["wait", "--for=condition=Ready", `node/${one.node}`, "--timeout=60s"]);
      });
      expect(count).toBe(0);
      expectSamePods();
      const client = podOn(cluster, "client", 0);
      cluster.kubectl(["delete", "pod", client.name, "--timeout=60s"]);
      const renewed = await eventually(() => podOn(cluster, "client", 0));
      expect(renewed.uid).not.toBe(client.uid);
      await eventually(() => expect(fetchFrom(cluster, renewed, `${two.address}:8080`)).toBe(two.node));
    }, 200_000);

    test("find their network again after a node lost all of it with the API server away: it comes back from the node's disk", async () => {
      const [node] = cluster.nodes;
      const before = agentNetworkOf(node);
      await cluster.api.stopServer();
      try {
        killAgent(node);
        wipeNetwork(node);
        expect(agentNetworkOf(node)).not.toEqual(before);
        await eventually(() => expect(agentNetworkOf(node)).toEqual(before), 60_000);
      } finally {
        await cluster.api.startServer();
      }
      cluster.kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"]);
      // The pods themselves would not have outlived a reboot: kubelet makes them anew. Scheduler and controllers may come back late,
      // as they double their pause with each attempt.
      for (const namespace of ["default", "kube-system"])
        cluster.kubectl(["delete", "pods", "--namespace", namespace, "--field-selector", `spec.nodeName=${one.node}`, "--timeout=60s"]);
      const renewed = await eventually(() => podOn(cluster, "server", 0), 120_000);
      const client = await eventually(() => podOn(cluster, "client", 1));
      await eventually(() => expect(fetchFrom(cluster, client, `${renewed.address}:8080`)).toBe(one.node));
    }, 240_000);
  });
}

/** Claims about pods while Pharos itself is replaced and removed. */
export function survivalOfPharos(given: () => Cluster): void {
  describe("running pods, when Pharos goes,", () => {
    let cluster: Cluster;
    let one: PodPlace;
    let two: PodPlace;
    beforeAll(() => {
      cluster = given();
      [one, two] = [podOn(cluster, "server", 0), podOn(cluster, "server", 1)];
    });
    const lostDuring = (during: () => Promise<unknown>) => lostPackets(cluster, [one, two], during);

    test("lose no packet during helm upgrade, which replaces every agent", async () => {
      const agents = cluster.nodes.map(agentProcess);
      const count = await lostDuring(async () => {
        cluster.helm(["upgrade", ...chartArguments(cluster), "--set", "log.level=debug"]);
        untilAgentsRun(cluster);
      });
      expect(count).toBe(0);
      for (const [index, node] of cluster.nodes.entries()) expect(agentProcess(node)).not.toBe(agents[index]);
    }, 200_000);

    test("keep their network through helm uninstall, which takes only what is Pharos', and can be removed and made afterwards", async () => {
      const before = cluster.nodes.map(networkOf);
      const count = await lostDuring(async () => {
        cluster.helm(["uninstall", "pharos", "--namespace", NAMESPACE, "--wait", "--timeout=90s"]);
        await eventually(() => expect(cluster.nodes.map(agentProcess)).toEqual([undefined, undefined]));
      });
      expect(count).toBe(0);
      expect(cluster.nodes.map(networkOf)).toEqual(before);
      expect(cluster.kubectl(["get", "bridges.pharos.io", "--output", "name"]).trim()).toBe("bridge.pharos.io/pods");
      expect(cluster.kubectl(["get", "pods", "--namespace", "kube-system", "--output", "name"])).toContain("coredns");
      const client = podOn(cluster, "client", 1);
      cluster.kubectl(["delete", "pod", client.name, "--timeout=60s"]);
      const renewed = await eventually(() => podOn(cluster, "client", 1));
      await eventually(() => expect(fetchFrom(cluster, renewed, `${one.address}:8080`)).toBe(one.node));
    }, 200_000);
  });
}
