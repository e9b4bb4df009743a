import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Cluster, SERVICE_RANGE } from "@pharos/lab/kubernetes";
import { OUTSIDE_PORT } from "./pharos-cluster.ts";
import { eventually, fetchFrom, nodeName, type PodPlace, podOn, tryInPod } from "./pods.ts";

const BOTH = [0, 1] as const;
/** The servers' port on their node, see workloads.yaml. */
const HOST_PORT = 18080;
const FETCH = "process.stdout.write(await (await fetch(process.argv[1], { signal: AbortSignal.timeout(3000) })).text())";

/** Claims about pods that no document mentions. */
export function podsBeforeDocuments(given: () => Cluster): void {
  describe("pods before any document exists", () => {
    let cluster: Cluster;
    let client: readonly PodPlace[];
    let server: readonly PodPlace[];
    beforeAll(() => {
      cluster = given();
      client = BOTH.map((index) => podOn(cluster, "client", index));
      server = BOTH.map((index) => podOn(cluster, "server", index));
    });

    /** Each client with each server: `client's node → answer of the server`. */
    const pairs = (host: (to: PodPlace) => string) =>
      client.flatMap((from) => server.map((to) => `${from.node} → ${fetchFrom(cluster, from, host(to))}`));
    const allPairs = () => BOTH.flatMap((from) => BOTH.map((to) => `${nodeName(cluster, from)} → ${nodeName(cluster, to)}`));

    test("have addresses of their node's podCIDR", () => {
      const cidrs = BOTH.map((index) => cluster.kubectl(["get", "node", nodeName(cluster, index), "--output", "jsonpath={.spec.podCIDR}"]));
      expect([client, server].map((pods) => pods.map(({ address }) => address.replace(/\d+$/, "0/24")))).toEqual([cidrs, cidrs]);
    }, 120_000);

    test("reach each other on one node and across nodes", () => {
      expect(pairs(({ address }) => `${address}:8080`)).toEqual(allPairs());
    }, 120_000);

    test("reach a Service by address, on both nodes' servers", async () => {
      const address = cluster.kubectl(["get", "service", "server", "--output", "jsonpath={.spec.clusterIP}"]);
      expect(address.split(".").slice(0, 2)).toEqual(SERVICE_RANGE.split(".").slice(0, 2));
      const answers = new Map<string | undefined, number>();
      await eventually(() => {
        for (const from of client) {
          const answer = fetchFrom(cluster, from, address);
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
        }
        expect([...answers.keys()].sort()).toEqual(BOTH.map((index) => nodeName(cluster, index)));
      }, 20_000);
    }, 120_000);

    test("find a Service by name, through cluster DNS", () => {
      for (const from of client) {
        expect(fetchFrom(cluster, from, "server.default.svc.cluster.local")).toMatch(/-n[12]$/);
        expect(fetchFrom(cluster, from, "server")).toMatch(/-n[12]$/);
        expect(fetchFrom(cluster, from, "nobody.default.svc.cluster.local")).toBeUndefined();
      }
    }, 120_000);

    test("reach the world outside under their node's address", () => {
      const seen = client.map((from) => fetchFrom(cluster, from, `${cluster.network.outside}:${OUTSIDE_PORT}`));
      expect(seen).toEqual([...cluster.network.nodes]);
    }, 120_000);

    test("answer on a port of their node", () => {
      const answers = cluster.network.nodes.map((address) =>
        cluster.outside.run([process.execPath, "--input-type=module", "--eval", FETCH, `http://${address}:${HOST_PORT}/`]).trim(),
      );
      expect(answers).toEqual(BOTH.map((index) => nodeName(cluster, index)));
    }, 120_000);

    test("keep what kubelet asks of them: logs and commands inside", () => {
      const [one] = client;
      expect(one === undefined ? undefined : tryInPod(cluster, one, ["echo", "inside"])).toBe("inside");
      expect(cluster.kubectl(["logs", "--namespace", "kube-system", "deployment/coredns"])).toContain("CoreDNS");
    }, 120_000);
  });
}
