import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Cluster } from "@pharos/lab/kubernetes";
import { BRIDGE, routing, SUBNET, vehicle } from "./documents.ts";
import { OTHER_PORT, OUTSIDE_PORT } from "./pharos-cluster.ts";
import { eventually, fetchFrom, nodeName, type PodPlace, podOn, steadyPing, tryInPod } from "./pods.ts";

/** Claims about pods under documents that `kubectl apply` brings. */
export function podsUnderDocuments(given: () => Cluster): void {
  describe("documents by kubectl apply", () => {
    let cluster: Cluster;
    let clients: readonly PodPlace[];
    beforeAll(() => {
      cluster = given();
    }, 120_000);

    test("are accepted and in effect on both nodes, while running pods keep every packet", async () => {
      const [from, to] = [podOn(cluster, "server", 0), podOn(cluster, "server", 1)];
      const ping = steadyPing(cluster, from, to);
      cluster.kubectl(["apply", "--server-side", "-f", "-"], vehicle(cluster));
      untilInSync(cluster, "nodes.pharos.io/car", "bridges.pharos.io/pods");
      const count = await ping.stop();
      expect(count.sent).toBeGreaterThan(20);
      expect(count.received).toBe(count.sent);
      expect(podOn(cluster, "server", 0)).toEqual(from);
    }, 120_000);

    test("give new pods addresses from their node's block of the shared bridge", async () => {
      cluster.kubectl(["rollout", "restart", "daemonset/client", "daemonset/server"]);
      for (const app of ["client", "server"]) cluster.kubectl(["rollout", "status", `daemonset/${app}`, "--timeout=60s"]);
      clients = await eventually(() => [podOn(cluster, "client", 0), podOn(cluster, "client", 1)]);
      const bridge = JSON.parse(cluster.kubectl(["get", "bridges.pharos.io", "pods", "--output", "json"]));
      const allocations = bridge.status.allocations as readonly {
        readonly bridge: string;
        readonly host: string;
        readonly block: string;
      }[];
      const blocks = Object.fromEntries(allocations.filter((one) => one.bridge === BRIDGE).map(({ host, block }) => [host, block]));
      for (const { address, node } of clients) expect(blockOf(address)).toBe(blocks[node]);
      expect(new Set(Object.values(blocks)).size).toBe(2);
      expect(clients.every(({ address }) => address.startsWith(SUBNET.replace(/0\/.*$/, "")))).toBe(true);
    }, 120_000);

    test("let the bridge's pods reach each other on both nodes, and Services by name", () => {
      const servers = [podOn(cluster, "server", 0), podOn(cluster, "server", 1)];
      for (const from of clients) {
        expect(servers.map(({ address }) => fetchFrom(cluster, from, `${address}:8080`))).toEqual(servers.map(({ node }) => node));
        expect(fetchFrom(cluster, from, "server")).toMatch(/-n[12]$/);
      }
    }, 120_000);

    test("are on each host's report: the newest revision, committed", () => {
      const reports = [nodeName(cluster, 0), nodeName(cluster, 1)].map((host) =>
        JSON.parse(cluster.kubectl(["get", "hostreport", host, "--output", "json"])),
      );
      const [one, two] = reports.map(({ status }) => status.revision.number);
      expect(one).toBeGreaterThan(0);
      expect(two).toBe(one);
    }, 120_000);
  });
}

/** Claims about RoutingConfigs and packets. */
export function packetsUnderRouting(given: () => Cluster): void {
  describe("RoutingConfigs by kubectl apply", () => {
    let cluster: Cluster;
    let clients: readonly PodPlace[];
    beforeAll(() => {
      cluster = given();
      clients = [podOn(cluster, "client", 0), podOn(cluster, "client", 1)];
    });
    const outside = (from: PodPlace, port: number) => fetchFrom(cluster, from, `${cluster.network.outside}:${port}`);

    test("close the way outside by default, and a RoutingConfig opens what it names and no more", async () => {
      expect(clients.map((from) => outside(from, OUTSIDE_PORT))).toEqual([undefined, undefined]);
      cluster.kubectl(["apply", "--server-side", "-f", "-"], routing(OUTSIDE_PORT));
      untilInSync(cluster, "routingconfigs.pharos.io/outside");
      await eventually(() => expect(clients.map((from) => outside(from, OUTSIDE_PORT))).toEqual([...cluster.network.nodes]));
      expect(clients.map((from) => outside(from, OTHER_PORT))).toEqual([undefined, undefined]);
    }, 120_000);

    test("change on running pods' packets when the RoutingConfig changes and goes", async () => {
      cluster.kubectl(["apply", "--server-side", "-f", "-"], routing(OTHER_PORT));
      await eventually(() => expect(clients.map((from) => outside(from, OTHER_PORT))).toEqual([...cluster.network.nodes]));
      expect(clients.map((from) => outside(from, OUTSIDE_PORT))).toEqual([undefined, undefined]);
      cluster.kubectl(["delete", "routingconfigs.pharos.io", "outside"]);
      await eventually(() => expect(clients.map((from) => outside(from, OTHER_PORT))).toEqual([undefined, undefined]));
    }, 120_000);

    test("that contradict others are told so, and packets go as before", async () => {
      const text = routing(OUTSIDE_PORT).replace('"name":"outside"', '"name":"nowhere"').replaceAll("podBr0", "noSuchZone");
      cluster.kubectl(["apply", "--server-side", "-f", "-"], text);
      cluster.kubectl(["wait", "--for=condition=Accepted=false", "--timeout=60s", "routingconfigs.pharos.io/nowhere"]);
      const [from] = clients;
      expect(from === undefined ? undefined : tryInPod(cluster, from, ["ping", "-c", "1", "-W", "2", clients[1]?.address ?? ""])).toContain(
        " 0% packet loss",
      );
      expect(clients.map((each) => outside(each, OUTSIDE_PORT))).toEqual([undefined, undefined]);
      cluster.kubectl(["delete", "routingconfigs.pharos.io", "nowhere"]);
    }, 120_000);
  });
}

function untilInSync({ kubectl }: Cluster, ...names: readonly string[]): void {
  kubectl(["wait", "--for=condition=InSync", "--timeout=60s", ...names]);
}

/** The block of 64 addresses that an address is in. */
function blockOf(address: string): string {
  const numbers = address.split(".").map(Number);
  return `${numbers.slice(0, 3).join(".")}.${(numbers[3] ?? 0) & ~63}/26`;
}
