import { describe, expect, test } from "@jest/globals";
import { exampleDocuments } from "../../testing/example.ts";
import type { Live } from "../documents.ts";
import { buildVehicle } from "../vehicle/build.ts";
import { type ExplainQuery, explain } from "./explain.ts";
import { matrix } from "./matrix.ts";

const LIVE: Live = {
  serviceRegistrations: [],
  podNetworks: [pod("perception-pod", "10.2.1.5/24"), pod("control-pod", "10.2.1.7/24")],
};

function pod(name: string, address: string): Live["podNetworks"][number] {
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name },
    spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name } },
    status: { phase: "Attached", addresses: [address] },
  };
}

type Edit = (yaml: string) => string;

function inputOf(edit?: Edit) {
  const documents = exampleDocuments(edit);
  const vehicle = buildVehicle({ documents }).value;
  if (vehicle === undefined) throw new Error("the example is a vehicle");
  return { vehicle, documents, live: LIVE };
}

function lines(query: ExplainQuery, edit?: Edit): readonly string[] {
  const { value, findings } = explain(inputOf(edit), query);
  if (value === undefined)
    return findings.map((finding) => `${finding.code} ${finding.path}: ${finding.description} (${finding.recommendation})`);
  const hops = value.hops.map((hop) => `  ${hop.host} ${hop.role} from ${hop.source}: ${hop.verdict} ${hop.reason}`);
  return [`${value.verdict}${value.audit ? " (audit)" : ""} ${value.source} -> ${value.destination}: ${value.reason}`, ...hops];
}

const tcp = (from: string, to: string, port?: number): ExplainQuery => ({
  from,
  to,
  protocol: "tcp",
  ...(port === undefined ? {} : { port }),
});

/** Adds routingInfo entries to the example's RoutingConfig. */
const withRules =
  (...entries: readonly string[]): Edit =>
  (yaml) =>
    `${yaml}\n${entries.join("\n")}\n`;

function entry(from: string, to: string, ...rules: readonly string[]): string {
  return [`    - srcIntfName: ${from}`, `      dstIntfName: ${to}`, "      rules:", ...rules.map((rule) => `        - ${rule}`)].join("\n");
}

describe("explain on the vehicle of the specification", () => {
  test("names the rule that accepts, on every host that decides", () => {
    expect(lines(tcp("vm1", "cloud_vm1", 50000))).toEqual([
      "ACCEPT 10.2.0.10 -> 172.16.1.2: RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on vm1 (output)",
      "  vm1 output from 10.2.0.10: ACCEPT RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on vm1 (output)",
      "  soc1 forward from 10.2.0.10: ACCEPT RoutingConfig/network-routing-rules spec.routingInfo[0].rules[0] on soc1 (forward)",
    ]);
  });

  test("gives the rule's document, path and text", () => {
    expect(explain(inputOf(), tcp("vm1Eth0", "cloud_vm1Eth0", 50000)).value).toMatchObject({
      verdict: "ACCEPT",
      document: "RoutingConfig/network-routing-rules",
      path: "spec.routingInfo[0].rules[0]",
      rule: "vm1Eth0 -> cloud_vm1: ACCEPT tcp dstPort 50000",
    });
  });

  test("drops another port, another protocol and a port that is not told", () => {
    for (const query of [
      tcp("vm1", "cloud_vm1", 50001),
      tcp("vm1", "cloud_vm1"),
      { from: "vm1", to: "cloud_vm1", protocol: "udp", port: 50000 } as const,
    ]) {
      expect(lines(query)[0]).toBe("DROP 10.2.0.10 -> 172.16.1.2: default deny of Node/vehicle-network-node on vm1 (output)");
    }
  });

  test("drops what pods of the accepted host send: they are in another zone", () => {
    expect(lines(tcp("perception-pod", "cloud_vm1", 50000))).toEqual([
      "DROP 10.2.1.5 -> 172.16.1.2: default deny of Node/vehicle-network-node on vm1 (forward)",
      "  vm1 forward from 10.2.1.5: DROP default deny of Node/vehicle-network-node on vm1 (forward)",
    ]);
  });

  test("finds pods by name with and without their namespace", () => {
    const inside = "UNGOVERNED 10.2.1.5 -> 10.2.1.7: inside one bridge all passes; a SecurityConfig can filter there";
    expect(lines(tcp("perception-pod", "control-pod", 80))).toEqual([inside]);
    expect(lines(tcp("default/perception-pod", "default/control-pod", 80))).toEqual([inside]);
  });

  test("lets a host's own traffic on its wire pass while no document names the pair", () => {
    expect(lines(tcp("vm1", "vm2", 80))[0]).toBe(
      "UNGOVERNED 10.2.0.10 -> 10.2.0.11: no document names this pair, and no host of the vehicle forwards between them",
    );
  });

  test("filters a host's own traffic as soon as a document names the pair", () => {
    const edit = withRules(entry("vm1", "vm2", "{ action: ACCEPT, protocol: tcp, dstPort: 22 }"));
    expect(lines(tcp("vm1", "vm2", 80), edit)[0]).toBe(
      "DROP 10.2.0.10 -> 10.2.0.11: default deny of Node/vehicle-network-node on vm1 (output)",
    );
    expect(lines(tcp("vm1", "vm2", 22), edit)[0]).toMatch(/^ACCEPT .* on vm1 \(output\)$/);
    expect(lines(tcp("vm2", "vm1", 80), edit)[0]).toMatch(/^UNGOVERNED/);
  });

  test("says what audit would drop", () => {
    const audit: Edit = (yaml) => yaml.replace("enforcement: enforce", "enforcement: audit");
    expect(lines(tcp("soc2", "vm1", 80), audit)[0]).toBe(
      "DROP (audit) 10.1.0.3 -> 10.2.0.10: default deny of Node/vehicle-network-node on soc1 (forward)",
    );
  });

  test("accepts by defaultAction, and leaves pairs without a managed end alone", () => {
    const open: Edit = (yaml) => yaml.replace("defaultAction: DROP", "defaultAction: ACCEPT");
    expect(lines(tcp("soc2", "vm1", 80), open)[0]).toBe(
      "ACCEPT 10.1.0.3 -> 10.2.0.10: defaultAction ACCEPT of Node/vehicle-network-node on soc1 (forward)",
    );
    expect(lines(tcp("world", "cloud_vm1", 80))[0]).toBe("UNGOVERNED 198.51.100.77 -> 172.16.1.2: neither end is managed");
  });

  test("keeps failsafe ports open between hosts, and only there", () => {
    expect(lines(tcp("soc2", "vm1", 9091))[0]).toBe("ACCEPT 10.1.0.3 -> 10.2.0.10: failsafe on soc2 (output)");
    expect(lines(tcp("cloud_vm1", "vm1", 9091))[0]).toMatch(/^DROP/);
  });

  test("follows masquerading: the accepted flow passes behind its host with the translated source", () => {
    const masqueraded: Edit = (yaml) =>
      withRules(entry("podBr0", "cloud_vm1", "{ action: ACCEPT, protocol: tcp, dstPort: 443 }"))(
        yaml.replaceAll("ipMasq: false", "ipMasq: true"),
      );
    expect(lines(tcp("perception-pod", "cloud_vm1", 443), masqueraded)).toEqual([
      "ACCEPT 10.2.1.5 -> 172.16.1.2: RoutingConfig/network-routing-rules spec.routingInfo[1].rules[0] on vm1 (forward)",
      "  vm1 forward from 10.2.1.5: ACCEPT RoutingConfig/network-routing-rules spec.routingInfo[1].rules[0] on vm1 (forward)",
      "  soc1 forward from 10.2.0.10: ACCEPT RoutingConfig/network-routing-rules spec.routingInfo[1].rules[0] covers the translated source on soc1 (forward)",
    ]);
  });

  test("says that there is no way", () => {
    expect(explain(inputOf(), tcp("podBr0", "world", 80)).value).toMatchObject({
      verdict: "UNREACHABLE",
      reason: "no route leads from podBr0 to world",
    });
    expect(explain(inputOf(), tcp("10.2.1.5", "2001:db8::1", 80)).value).toMatchObject({ verdict: "UNREACHABLE" });
  });

  test("finds nothing under an unknown name, and suggests what was meant", () => {
    expect(lines(tcp("vm9", "perceptionpod", 80))).toEqual([
      "PHAROS-1250 from: no zone, pod or address is named vm9 (did you mean vm1 or vm2?)",
      "PHAROS-1250 to: no zone, pod or address is named perceptionpod (did you mean perception-pod?)",
    ]);
    expect(lines(tcp("eth1", "eth0", 80))).toEqual([
      "PHAROS-1251 to: eth0 is the name of several zones: cloud_vm1Eth0 (interface), soc1Eth0 (interface), soc2Eth0 (interface), vm1Eth0 (interface), vm2Eth0 (interface) (use a name that only one zone has)",
    ]);
  });
});

describe("matrix", () => {
  test("lists each managed pair with its forwarders, rules and default, and no pair on one wire", () => {
    const pairs = matrix(inputOf()).map((pair) => {
      const verdicts = [...pair.rules.map((rule) => rule.text), pair.byDefault].join("; ");
      return `${pair.from} -> ${pair.to} [${pair.forwarders.join(" ")}] ${verdicts}${pair.named ? " named" : ""}`;
    });
    expect(pairs).toEqual([
      "podBr0 -> vmBr0 [vm1] DROP",
      "podBr0 -> soc1 [vm1] DROP",
      "podBr0 -> vm2 [vm1] DROP",
      "podBr0 -> soc2 [vm1 soc1] DROP",
      "podBr0 -> cloud_vm1 [vm1 soc1] DROP",
      "vmBr0 -> podBr0 [soc1 vm1] DROP",
      "vmBr0 -> soc2 [soc1] DROP",
      "vmBr0 -> cloud_vm1 [soc1] DROP",
      "soc1 -> podBr0 [vm1] DROP",
      "vm1 -> soc2 [soc1] DROP",
      "vm1 -> cloud_vm1 [soc1] vm1Eth0 -> cloud_vm1: ACCEPT tcp dstPort 50000; DROP",
      "vm1Eth0 -> soc2 [soc1] DROP",
      "vm1Eth0 -> cloud_vm1 [soc1] vm1Eth0 -> cloud_vm1: ACCEPT tcp dstPort 50000; DROP named",
      "vm2 -> podBr0 [vm1] DROP",
      "vm2 -> soc2 [soc1] DROP",
      "vm2 -> cloud_vm1 [soc1] DROP",
      "soc2 -> podBr0 [soc1 vm1] DROP",
      "soc2 -> vmBr0 [soc1] DROP",
      "soc2 -> vm1 [soc1] DROP",
      "soc2 -> vm1Eth0 [soc1] DROP",
      "soc2 -> vm2 [soc1] DROP",
      "soc2 -> cloud_vm1 [soc1] DROP",
      "cloud_vm1 -> podBr0 [soc1 vm1] DROP",
      "cloud_vm1 -> vmBr0 [soc1] DROP",
      "cloud_vm1 -> vm1 [soc1] DROP",
      "cloud_vm1 -> vm1Eth0 [soc1] DROP",
      "cloud_vm1 -> vm2 [soc1] DROP",
      "cloud_vm1 -> soc2 [soc1] DROP",
      "world -> podBr0 [soc1 vm1] DROP",
      "world -> vmBr0 [soc1] DROP",
      "world -> vm1 [soc1] DROP",
      "world -> vm1Eth0 [soc1] DROP",
      "world -> vm2 [soc1] DROP",
      "world -> soc2 [soc1] DROP",
    ]);
  });
});
