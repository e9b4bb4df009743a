import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { explainer } from "@pharos/compiler";
import { vehicleOf } from "../demo/documents.ts";
import { compareAll, type Place } from "../reachability.ts";
import { type ExampleLab, exampleLab, routingConfig } from "./example-lab.ts";

const MACHINES: readonly Place[] = [
  { name: "soc1", address: "10.1.0.2" },
  { name: "soc2", address: "10.1.0.3" },
  { name: "vm1", address: "10.2.0.10" },
  { name: "vm2", address: "10.2.0.11" },
  { name: "perception-pod", address: "10.2.1.5" },
  { name: "control-pod", address: "10.2.1.7" },
  { name: "cloud_vm1", address: "172.16.1.2" },
];
const TRAFFICS = [
  { protocol: "tcp", port: 50000 },
  { protocol: "tcp", port: 8080 },
  { protocol: "udp", port: 50000 },
  { protocol: "icmp" },
] as const;

const live = (pods: readonly Place[]) => ({
  podNetworks: pods.map(({ name, address }) => ({
    apiVersion: "pharos.io/v1" as const,
    kind: "PodNetwork" as const,
    metadata: { name, namespace: "default" },
    spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name } },
    status: { phase: "Attached" as const, addresses: [`${address}/24`] },
  })),
  serviceRegistrations: [],
});

describe("verdicts of packets and of explain", () => {
  let example: ExampleLab;
  beforeAll(async () => {
    example = await exampleLab("verdict");
  });
  afterAll(() => example?.lab.down());

  async function disagreements(text: string): Promise<readonly string[]> {
    const { vehicle, documents } = vehicleOf(text);
    const asked = explainer({ vehicle, documents, live: live(MACHINES.filter(({ name }) => name.endsWith("-pod"))) });
    const compared = await compareAll(example.lab, MACHINES, TRAFFICS, asked);
    expect(compared).toHaveLength(7 * 6 * 4);
    return compared
      .filter(({ agree }) => !agree)
      .map(({ from, to, traffic, reached, explanation }) => `${from} ${to} ${traffic} ${reached} ${explanation.reason}`);
  }

  test("agree on every pair and port of the example vehicle", async () => {
    expect(await disagreements(example.given.text)).toEqual([]);
  });

  test("agree after rules between bridges, hosts, the cloud and world were added, first match counting", async () => {
    const more = [
      routingConfig("a-pods", "podBr0", "soc2", ["{ action: DROP, protocol: tcp, dstPort: 8080 }", "{ action: ACCEPT, protocol: tcp }"]),
      routingConfig("b-cloud", "cloud_vm1", "podBr0", [
        "{ action: ACCEPT, protocol: udp, dstPort: 50000 }",
        "{ action: ACCEPT, protocol: icmp }",
      ]),
      routingConfig("c-hosts", "soc2", "vm2", ["{ action: ACCEPT, protocol: all }"]),
      routingConfig("d-own", "vm2", "soc1", ["{ action: ACCEPT, protocol: udp, dstPort: 50000 }"]),
    ].join("---\n");
    const { success, message } = await example.lab.api.applyConfiguration(more);
    expect({ success, message }).toMatchObject({ success: true });
    expect(await disagreements(`${example.given.text}\n---\n${more}`)).toEqual([]);
  });

  test("drop nothing under enforcement audit, and count what would be dropped", async () => {
    const audited = example.given.text.replace("enforcement: enforce", "enforcement: audit");
    const { success } = await example.lab.api.configureVehicleNetwork(audited);
    expect(success).toBe(true);
    const prober = await example.lab.prober("soc2");
    expect(await prober.reaches({ protocol: "tcp", address: "10.2.0.11", port: 50000 })).toBe(true);
    const ruleset = await example.lab.exec("soc1", ["nft", "list", "table", "inet", "pharos"]);
    expect(ruleset).toMatch(/counter packets [1-9]\d* bytes \d+.*(log|comment)/);
  });
});
