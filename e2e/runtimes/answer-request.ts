// Runs on a host of a test: what an agent there does about a request of RequestNetworkPod for containers of Podman.
//   answer-request.ts SOCKET PLUGIN POD_NAME BRIDGE
// Prints the status that the request gets, and the containers that were seen.
import { silentLog, systemClock } from "@pharos/base";
import { readLedger } from "@pharos/ledger";
import { netnsState } from "../../node-agent/src/pods/netns-state.ts";
import { podmanRuntime } from "../../node-agent/src/pods/podman-runtime.ts";
import { RequestDesk } from "../../node-agent/src/pods/request-desk.ts";
import { PluginRunner } from "../../node-agent/src/pods/run-plugin.ts";

const [socket = "", binary = "", podName = "", bridge = ""] = process.argv.slice(2);
const stateDir = "/var/lib/pharos/ledger";
const runtime = podmanRuntime({ socket, clock: systemClock, log: silentLog });
const plugin = new PluginRunner({ binary, dataFile: "/var/lib/pharos/cni.json", stateDir });
const ledger = () => readLedger(stateDir);
const desk = new RequestDesk({ host: "soc1", runtime, plugin, ledger, netns: netnsState, whenAttached: "replace", log: silentLog });
const [answer] = await desk.answer([
  {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name: "request-1", namespace: "default" },
    spec: { bridge, request: { id: "1", podName, requestedAt: "2026-01-01T00:00:00Z" } },
  },
]);
process.stdout.write(`${JSON.stringify({ status: answer?.status, containers: await runtime.list() })}\n`);
