import { join } from "node:path";
import { readVehicle, type VehicleDocuments } from "../demo/documents.ts";
import { eventually, REPOSITORY, VehicleLab } from "../vehicle-lab.ts";

export const ECHO_PORT = 50000;

export interface ExampleLab {
  readonly lab: VehicleLab;
  readonly given: VehicleDocuments;
  /** Name of a network namespace of a machine or pod. */
  spaceOf(place: string): Promise<string>;
}

/** The vehicle of docs/examples/vehicle, configured, with its two pods attached. */
export async function exampleLab(name: string, more = "", options: { readonly callback?: string } = {}): Promise<ExampleLab> {
  const given = await readVehicle(join(REPOSITORY, "docs/examples/vehicle"), ["node.yaml", "bridge.yaml", "routing.yaml"]);
  const lab = await VehicleLab.up({ name, vehicle: given.vehicle, ...options }, [ECHO_PORT, 8080]);
  try {
    const { success, message } = await lab.api.configureVehicleNetwork(more === "" ? given.text : `${given.text}\n---\n${more}`);
    if (!success) throw new Error(message);
    await attach(lab, "perception-pod", "10.2.1.5");
    await attach(lab, "control-pod", "10.2.1.7");
  } catch (error) {
    await lab.down();
    throw error;
  }
  return { lab, given, spaceOf: (place) => lab.namespaceOf(place) };
}

/** Starts a pod on vm1 and asks for its network, as Piccolo does. */
async function attach(lab: VehicleLab, pod: string, address: string): Promise<void> {
  await lab.startPod(pod, "vm1", { "pharos.io/ip": address });
  const { requestId } = await lab.api.requestNetworkPod({ nodeYaml: "", podName: pod, networkYaml: "" });
  await eventually(async () => {
    const [request] = await lab.api.getNetworkStatus(`request:${requestId}`);
    if (request?.status !== "up") throw new Error(`request of ${pod} is ${request?.status}`);
  }, 20_000);
}

/** A RoutingConfig of its own name with the given rules between two zones, in the specification's spelling. */
export function routingConfig(name: string, from: string, to: string, rules: readonly string[]): string {
  const lines = rules.map((rule) => `        - ${rule}\n`).join("");
  return `apiVersion: v1\nkind: routingConfig\nmetadata:\n  name: ${name}\nspec:\n  routingInfo:\n    - srcIntfName: ${from}\n      dstIntfName: ${to}\n      rules:\n${lines}`;
}

/** Plans that an agent has logged, oldest first. */
export function plansIn(log: string): readonly string[] {
  return [...log.matchAll(/info plan .*text="((?:[^"\\]|\\.)*)"/g)].map((match) => JSON.parse(`"${match[1] ?? ""}"`) as string);
}
