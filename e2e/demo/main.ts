// `make demo`: the vehicle of docs/examples/vehicle in a box. Piccolo's stand-in boots it over gRPC and asks for the
// network of two pods; then every pair is tried with real packets, beside what explain says. KEEP=1 leaves it up.
import { join } from "node:path";
import { explainer } from "@pharos/compiler";
import { type CallbackServer, startCallbackServer } from "../piccolo/callback-server.ts";
import { bootVehicle, Mailbox, networkForPod } from "../piccolo/scenarios.ts";
import { compareAll, type Place } from "../reachability.ts";
import { REPOSITORY, VehicleLab } from "../vehicle-lab.ts";
import { readVehicle, type VehicleDocuments } from "./documents.ts";
import { ForeignTraffic } from "./foreign-traffic.ts";
import { reachabilityText } from "./print-reachability.ts";

const NAME = "demo";
const FOLDER = join(REPOSITORY, "docs/examples/vehicle");
const PODS = [
  { name: "perception-pod", address: "10.2.1.5" },
  { name: "control-pod", address: "10.2.1.7" },
] as const;
const PLACES: readonly Place[] = [
  { name: "soc1", address: "10.1.0.2" },
  { name: "soc2", address: "10.1.0.3" },
  { name: "vm1", address: "10.2.0.10" },
  { name: "vm2", address: "10.2.0.11" },
  ...PODS,
  { name: "cloud_vm1", address: "172.16.1.2" },
];
const PORTS = [50000, 8080];
const TRAFFICS = [
  { protocol: "tcp", port: 50000 },
  { protocol: "tcp", port: 8080 },
  { protocol: "udp", port: 50000 },
  { protocol: "icmp" },
] as const;

function say(line: string): void {
  console.log(line);
}

async function playPiccolo(lab: VehicleLab, given: VehicleDocuments, mailbox: Mailbox): Promise<void> {
  let since = performance.now();
  const boot = await bootVehicle(lab.api, given.text);
  if (!boot.response.success) throw new Error(`ConfigureVehicleNetwork: ${boot.response.message}`);
  say(`12.1  Piccolo → ConfigureVehicleNetwork    success in ${Math.round(performance.now() - since)} ms, on all hosts`);
  const up = boot.components.filter(({ status }) => status === "up").length;
  say(`      Piccolo → GetNetworkStatus           ${up} of ${boot.components.length} components up`);
  for (const pod of PODS) {
    await lab.startPod(pod.name, "vm1", { "pharos.io/ip": pod.address });
    since = performance.now();
    const { response, completion } = await networkForPod(lab.api, mailbox, { nodeYaml: "", podName: pod.name, networkYaml: "" });
    if (!response.accepted || completion?.status !== "OK")
      throw new Error(`RequestNetworkPod: ${response.message} ${completion?.details ?? "no callback"}`);
    say(`12.2  Piccolo → RequestNetworkPod          ${pod.name} accepted as ${response.requestId.slice(0, 8)}`);
    say(
      `      Pharos → CompleteNetworkSetting      ${completion.status} after ${Math.round(performance.now() - since)} ms: ${completion.details}`,
    );
  }
}

async function demo(): Promise<boolean> {
  const mailbox = new Mailbox();
  const given = await readVehicle(FOLDER, ["node.yaml", "bridge.yaml", "routing.yaml"]);
  const socket = `unix:/run/pharos-demo-${process.pid}.sock`;
  let callbacks: CallbackServer | undefined;
  let lab: VehicleLab | undefined;
  const foreign = new ForeignTraffic();
  const keep = process.env.KEEP === "1";
  try {
    callbacks = await startCallbackServer({ address: socket, onCompletion: (completion) => mailbox.take(completion) });
    const since = performance.now();
    lab = await VehicleLab.up({ name: NAME, vehicle: given.vehicle, callback: `spec=${socket}` }, PORTS);
    say(`vehicle001 in a box: soc1, soc2, vm1, vm2, cloud_vm1; 4 agents, up in ${Math.round(performance.now() - since)} ms`);
    await foreign.prepare(lab);
    await playPiccolo(lab, given, mailbox);
    const live = { podNetworks: await attachedPods(lab), serviceRegistrations: [] };
    say("\nWho (row) reaches whom (column) by tcp/50000, tcp/8080, udp/50000 and icmp, measured by packets:");
    const comparisons = await compareAll(lab, PLACES, TRAFFICS, explainer({ vehicle: given.vehicle, documents: given.documents, live }));
    say(reachabilityText(comparisons, given));
    const agreed = comparisons.filter(({ agree }) => agree).length;
    say(`\n${comparisons.length} flows tried: measured and explained agree on ${agreed}`);
    const untouched = await foreign.report(lab);
    say(untouched.text);
    return agreed === comparisons.length && untouched.good;
  } finally {
    await callbacks?.stop();
    if (keep && lab !== undefined) {
      lab.api.close();
      await lab.stopProbes();
      say(`\nKEEP=1: the vehicle is up. Try: node dist/pharosctl.mjs status --server unix:${lab.options.folders.socket}`);
      say(`and take it down with: node dist/pharosctl.mjs lab down --name ${NAME}`);
    } else {
      await foreign.remove();
      await lab?.down();
      say("taken down");
    }
  }
}

/** The pods as the API tells them, in the form that explain takes. */
async function attachedPods(lab: VehicleLab) {
  const components = await lab.api.getNetworkStatus("pod");
  return components.map(({ name, ipAddress }) => ({
    apiVersion: "pharos.io/v1" as const,
    kind: "PodNetwork" as const,
    metadata: { name, namespace: "default" },
    spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name } },
    status: { phase: "Attached" as const, addresses: [`${ipAddress}/24`] },
  }));
}

process.exitCode = (await demo()) ? 0 : 1;
