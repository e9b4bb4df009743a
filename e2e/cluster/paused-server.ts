import { describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { Cluster } from "@pharos/lab/kubernetes";
import { routing } from "./documents.ts";
import { agentProcess, networkOf } from "./host-network.ts";
import { OUTSIDE_PORT } from "./pharos-cluster.ts";
import { eventually, podOn } from "./pods.ts";
import { lostPackets } from "./survival.ts";

/** How long the API server is paused, in ms; ten minutes say more, when there is time for them. */
const PAUSED_MS = Number(process.env.PHAROS_API_PAUSED_S ?? 25) * 1000;

/** Claims about pods while the API server takes connections and says nothing. */
export function pausedServer(given: () => Cluster): void {
  describe("while the API server is paused", () => {
    const claim = async () => {
      const cluster = given();
      const [one, two] = [podOn(cluster, "server", 0), podOn(cluster, "server", 1)];
      const before = cluster.nodes.map(networkOf);
      const agents = cluster.nodes.map(agentProcess);
      const count = await lostPackets(cluster, [one, two], async () => {
        cluster.api.pause();
        try {
          await systemClock.sleep(PAUSED_MS);
          expect(cluster.nodes.map(networkOf)).toEqual(before);
        } finally {
          cluster.api.resume();
        }
        cluster.kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=90s"]);
        cluster.kubectl(["apply", "--server-side", "-f", "-"], routing(OUTSIDE_PORT));
        cluster.kubectl(["wait", "--for=condition=InSync", "--timeout=90s", "routingconfigs.pharos.io/outside"]);
        cluster.kubectl(["delete", "routingconfigs.pharos.io", "outside"]);
        await eventually(() => expect(cluster.nodes.map(networkOf)).toEqual(before));
      });
      expect(count).toBe(0);
      expect([podOn(cluster, "server", 0), podOn(cluster, "server", 1)]).toEqual([one, two]);
      expect(cluster.nodes.map(agentProcess)).toEqual(agents);
    };

    test("pods lose no packet and kernels do not change; documents take effect again afterwards", claim, 240_000 + PAUSED_MS);
  });
}
