import { afterAll, beforeAll } from "@jest/globals";
import type { Cluster } from "@pharos/lab/kubernetes";
import { podsBeforeDocuments } from "./before-documents.ts";
import { pausedServer } from "./paused-server.ts";
import { startPharosCluster, sweepClusters } from "./pharos-cluster.ts";
import { servicesOnCluster, toolsOnCluster } from "./services.ts";
import { podsWithSeveralInterfaces } from "./several-interfaces.ts";
import { survivalOfDaemons, survivalOfPharos } from "./survival.ts";
import { packetsUnderRouting, podsUnderDocuments } from "./under-documents.ts";

// One cluster for all, in this order: it takes longer to start than most claims take to show.
let cluster: Cluster | undefined;
beforeAll(async () => {
  await sweepClusters("e");
  const lines: string[] = [];
  cluster = await startPharosCluster({ name: `e${process.pid}`, env: process.env, onProgress: (line) => lines.push(line) }).catch(
    (error) => {
      throw new Error([...lines, String(error)].join("\n"));
    },
  );
}, 300_000);
afterAll(async () => {
  await cluster?.stop();
}, 120_000);

function running(): Cluster {
  if (cluster === undefined) throw new Error("the cluster did not start");
  return cluster;
}

podsBeforeDocuments(running);
podsUnderDocuments(running);
podsWithSeveralInterfaces(running);
packetsUnderRouting(running);
toolsOnCluster(running);
servicesOnCluster(running);
pausedServer(running);
survivalOfDaemons(running);
survivalOfPharos(running);
