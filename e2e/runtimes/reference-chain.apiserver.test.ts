// In this tier because cnitool and the newest reference plugins are among the programs that `make kube-assets` builds.
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requireKubeAsset } from "@pharos/lab/kubernetes";
import { readLedger } from "@pharos/ledger";
import { builtPlugin } from "./built-plugin.ts";
import { CnitoolHost } from "./cnitool-host.ts";
import { UPLINK } from "./container-host.ts";
import { eventually, HTTP_REQUEST, netcat } from "./requests.ts";

const LEDGER = "/var/lib/pharos/ledger";
const WWW = "/var/lib/pharos/www";
const DEBIAN = "/usr/lib/cni";
const ranges = [
  { subnet: "10.2.1.0/24", block: "10.2.1.0/24", rangeStart: "10.2.1.10", rangeEnd: "10.2.1.99", gateway: "10.2.1.1", exclude: [] },
  { subnet: "fd02::/64", block: "fd02::/64", rangeStart: "fd02::10", rangeEnd: "fd02::99", gateway: "fd02::1", exclude: [] },
];
const data = {
  version: 1,
  defaultBridge: "net0",
  bridges: [{ name: "net0", isGateway: true, ipMasq: true, ranges, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] }],
};
const TUNED_MAC = "92:d0:c6:0a:29:33";
const BITS = 100_000_000;

const ours = { type: "pharos-cni", stateDir: LEDGER, pharos: data };
const portmap = { type: "portmap", capabilities: { portMappings: true }, snat: true };
const firewall = { type: "firewall", backend: "iptables" };
const tuning = { type: "tuning", capabilities: { mac: true }, mtu: 1400, sysctl: { "net.core.somaxconn": "500" } };
const bandwidth = { type: "bandwidth", ingressRate: BITS, ingressBurst: BITS, egressRate: BITS, egressBurst: BITS };
const sbr = { type: "sbr" };
const ASKED = { portMappings: [{ hostPort: 18082, containerPort: 80, protocol: "tcp" }], mac: TUNED_MAC };

interface Chain {
  readonly title: string;
  readonly folder: () => string;
  readonly cniVersion: string;
  readonly others: readonly { readonly type: string }[];
}

const newest = () => dirname(requireKubeAsset("portmap", process.env));
const CHAINS: readonly Chain[] = [
  ...["0.3.1", "1.0.0"].map((cniVersion) => ({
    title: `Debian's plugins, version ${cniVersion}`,
    folder: () => DEBIAN,
    cniVersion,
    // The plugin firewall begins with 0.4.0.
    others: [portmap, ...(cniVersion === "0.3.1" ? [] : [firewall]), tuning, bandwidth, sbr],
  })),
  { title: "the newest plugins, version 1.1.0", folder: newest, cniVersion: "1.1.0", others: [portmap, firewall, bandwidth] },
];

/** Where the plugin is, once it was made for all chains. */
const plugin = { path: "" };

describe("first of a chain of reference plugins", () => {
  beforeAll(() => {
    plugin.path = builtPlugin();
  }, 120_000);
  for (const [index, chain] of CHAINS.entries()) describe(chain.title, () => chainTests(chain, `pru-r${index}`));
});

function chainTests({ folder, cniVersion, others }: Chain, name: string): void {
  let tool: CnitoolHost;
  const call = { network: "chain", capabilities: ASKED } as const;
  const held = () => readLedger(tool.host.ownFolder(LEDGER));

  beforeAll(() => {
    const pluginFolders = [dirname(plugin.path), folder()];
    tool = new CnitoolHost(name, { cnitool: requireKubeAsset("cnitool", process.env), pluginFolders });
    const list = { cniVersion, name: "chain", plugins: [ours, ...others] };
    tool.host.run(["tee", join("/etc/cni/net.d", "chain.conflist")], JSON.stringify(list));
    tool.host.run(["mkdir", WWW]);
    tool.host.run(["tee", join(WWW, "index.html")], "hello");
    for (const pod of ["a", "b"]) tool.addPod(pod);
  });
  afterAll(() => tool.stop());

  test("ADD, CHECK, packets, DEL, and nothing is left", async () => {
    const result = tool.succeed({ ...call, verb: "add", pod: "a" });
    tool.succeed({ ...call, capabilities: {}, verb: "add", pod: "b" });
    expect(result).toMatchObject({
      cniVersion,
      ips: [{ address: "10.2.1.10/24", gateway: "10.2.1.1", interface: 2 }, { address: "fd02::10/64" }],
    });
    // Debian's portmap fails its own CHECK: it looks for the rules of IPv4 in the tables of IPv6, also behind the reference bridge.
    const checked = folder() === DEBIAN ? { mac: TUNED_MAC } : ASKED;
    if (cniVersion !== "0.3.1") {
      tool.succeed({ ...call, verb: "check", pod: "a", capabilities: checked });
      tool.succeed({ ...call, verb: "check", pod: "b", capabilities: {} });
    }
    // With the pod's address: sbr leaves routes only to packets that have it already.
    expect(tool.inPod("a", ["ping", "-c", "1", "-W", "2", "-I", "10.2.1.10", UPLINK.outside])).toContain("1 received");
    expect(tool.inPod("b", ["ping", "-c", "1", "-W", "2", "-I", "10.2.1.11", "10.2.1.10"])).toContain("1 received");
    const server = tool.host.start("server", ["nsenter", "--net=/run/netns/a", "busybox", "httpd", "-f", "-p", "80", "-h", WWW]);
    await eventually(() => expect(tool.host.outside(netcat(UPLINK.host, 18082), HTTP_REQUEST)).toContain("hello"));
    await server.stop();

    for (const pod of ["a", "b"]) tool.succeed({ ...call, verb: "del", pod });
    expect(held()).toEqual([]);
    expect(tool.host.links("p")).toEqual([]);
    expect(tool.host.run(["iptables-save"])).not.toContain("10.2.1.");
  });

  if (cniVersion === "1.1.0")
    test("GC takes away what the runtime remembers of pods that are gone; STATUS is asked of the whole chain", () => {
      tool.addPod("c");
      tool.succeed({ ...call, verb: "add", pod: "c" });
      tool.removePod("c");
      // cnitool names no valid attachments: libcni removes what it remembers, and our plugin refuses to guess.
      expect(tool.cnitool({ ...call, verb: "gc", pod: "a" }).stderr).toContain("PHAROS-2201");
      tool.succeed({ ...call, verb: "status", pod: "a" });
      expect(held()).toEqual([]);
    });
}
