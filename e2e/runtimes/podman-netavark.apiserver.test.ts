// In this tier because Podman 5 is among what `make kube-assets` fetches: Debian 12 has 4.3, whose netavark knows no plugins.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import { requirePodmanRoot } from "../../scripts/kube-assets/podman-root.ts";
import { builtPlugin } from "./built-plugin.ts";
import { UPLINK } from "./container-host.ts";
import { PLUGIN_FOLDER, PodmanHost } from "./podman-host.ts";
import { eventually, HTTP_REQUEST, netcat, serving } from "./requests.ts";

/** The plugin's own folder: Podman hands nothing else on. */
const LEDGER = "/var/lib/pharos/ledger";
const DATA_FILE = "/var/lib/pharos/cni.json";
const range = { subnet: "10.88.1.0/24", block: "10.88.1.0/24", rangeStart: "10.88.1.10", rangeEnd: "10.88.1.99", gateway: "10.88.1.1" };
const documents = {
  version: 1,
  defaultBridge: "front",
  bridges: ["front", "back"].map((name, index) => {
    const text = JSON.stringify({ ...range, exclude: [] }).replaceAll("10.88.1.", `10.88.${index + 1}.`);
    return { name, isGateway: true, ipMasq: false, ranges: [JSON.parse(text)], routes: [{ dst: "0.0.0.0/0" }] };
  }),
};

describe("Podman 5, which has no CNI, with the plugin as netavark's", () => {
  let podman: PodmanHost;

  beforeAll(() => {
    const network = [`netavark_plugin_dirs = ["${PLUGIN_FOLDER}"]`];
    podman = PodmanHost.start({ name: "pru-pn", plugin: builtPlugin(), network, root: requirePodmanRoot(process.env) });
  }, 120_000);
  afterAll(() => podman.stop());

  const held = () => readLedger(podman.host.ownFolder(LEDGER));
  const networkOf = (name: string) => Object.values(podman.inspect(name).NetworkSettings.Networks)[0];
  const removeAll = () => podman.podman("rm", "--force", "--time", "0", "--all");

  test("it is Podman 5", () => {
    expect(podman.podman("--version")).toContain("version 5.");
    expect(podman.podman("info", "--format", "{{.Host.NetworkBackend}}")).toBe("netavark");
  });

  test("a network with subnets of its own: addresses, packets, published ports, and nothing left", async () => {
    podman.podman("network", "create", "--driver", "pharos-cni", "--subnet", "10.1.0.0/24", "--subnet", "fd01::/64", "vehicle");
    podman.runContainer("server", ["--network", "vehicle", "--publish", "18080-18081:80-81"], ...serving("hello"));
    podman.runContainer("client", ["--network", "vehicle:ip=10.1.0.50,mac=92:d0:c6:0a:29:33"]);
    expect(networkOf("server")).toMatchObject({
      IPAddress: "10.1.0.2",
      IPPrefixLen: 24,
      Gateway: "10.1.0.1",
      GlobalIPv6Address: "fd01::2",
    });
    expect(networkOf("client")).toMatchObject({ IPAddress: "10.1.0.50", MacAddress: "92:d0:c6:0a:29:33" });
    expect(held().map(({ pod }) => pod?.name)).toEqual(["server", "client"]);
    for (const address of ["10.1.0.2", "fd01::2", UPLINK.outside])
      expect(podman.podman("exec", "client", "ping", "-c", "1", "-W", "2", address)).toContain("1 packets received");
    await eventually(() => expect(podman.host.outside(netcat(UPLINK.host, 18080), HTTP_REQUEST)).toContain("hello"));
    removeAll();
    expect(held()).toEqual([]);
    expect(podman.host.links("pv")).toEqual([]);
    expect(podman.host.run(["nft", "list", "table", "inet", "pharos_pods"])).not.toContain("elements");
  });

  test("a network without a subnet gets the bridges of the documents, by its option or by the container's", () => {
    podman.podman("network", "create", "--driver", "pharos-cni", "documents");
    podman.podman("network", "create", "--driver", "pharos-cni", "--opt", "bridge=back", "backbone");
    expect(() => podman.runContainer("early", ["--network", "documents"])).toThrow(/PHAROS-5004/);
    removeAll();
    podman.write(DATA_FILE, [JSON.stringify(documents)]);
    podman.runContainer("front", ["--network", "documents"]);
    podman.runContainer("back", ["--network", "backbone"]);
    podman.runContainer("chosen", ["--network", "documents:pharos.io/bridge=back"]);
    expect(["front", "back", "chosen"].map((name) => networkOf(name)?.IPAddress)).toEqual(["10.88.1.10", "10.88.2.10", "10.88.2.11"]);
    removeAll();
    expect(held()).toEqual([]);
  });

  test("options of a network: range, route, MTU, isolation; an internal one has no way out", () => {
    const own = ["--subnet", "10.5.0.0/24", "--ip-range", "10.5.0.128/25", "--route", "10.9.0.0/16,10.5.0.9"];
    const options = ["--opt", "mtu=1400", "--opt", "isolated=true", "--opt", "masquerade=false", "--opt", "bridge=narrow"];
    podman.podman("network", "create", "--driver", "pharos-cni", ...own, ...options, "narrow");
    podman.podman("network", "create", "--driver", "pharos-cni", "--subnet", "10.6.0.0/24", "--internal", "inner");
    for (const name of ["one", "two"]) podman.runContainer(name, ["--network", "narrow"]);
    podman.runContainer("shut", ["--network", "inner"]);
    const inside = (name: string, ...command: string[]) => podman.podman("exec", name, ...command);
    expect(["one", "two"].map((name) => networkOf(name)?.IPAddress)).toEqual(["10.5.0.129", "10.5.0.130"]);
    expect(inside("one", "ip", "link", "show", "eth0")).toContain("mtu 1400");
    expect(inside("one", "ip", "route")).toContain("10.9.0.0/16 via 10.5.0.9");
    expect(inside("one", "ping", "-c", "1", "-W", "2", "10.5.0.1")).toContain("1 packets received");
    expect(() => inside("one", "ping", "-c", "1", "-W", "2", "10.5.0.130")).toThrow();
    expect(podman.host.links("narrow")).toEqual(["narrow"]);
    expect(inside("shut", "ip", "route")).not.toContain("default");
    removeAll();
    expect(held()).toEqual([]);
  });

  test("connect, disconnect, restart and reload of a running container", () => {
    podman.runContainer("moving", ["--network", "vehicle"]);
    const addresses = () => podman.podman("exec", "moving", "ip", "-4", "addr");
    podman.podman("network", "connect", "documents", "moving");
    expect(addresses()).toContain("10.88.1.");
    podman.podman("network", "disconnect", "documents", "moving");
    expect(addresses()).not.toContain("10.88.1.");
    const before = networkOf("moving");
    podman.podman("network", "reload", "moving");
    expect(networkOf("moving")).toEqual(before);
    podman.podman("restart", "--time", "0", "moving");
    expect(addresses()).toContain("10.1.0.");
    expect(held().length).toBe(1);
    removeAll();
    expect(held()).toEqual([]);
  });

  test("what the plugin does not know is refused when the network is made", () => {
    const create = (...options: string[]) => podman.podman("network", "create", "--driver", "pharos-cni", ...options, "refused");
    expect(() => create("--opt", "vlan=3")).toThrow(/PHAROS-2201 option vlan is not known/);
    expect(() => create("--subnet", "10.4.0.0/24", "--opt", "mtu=9")).toThrow(/PHAROS-22/);
    expect(() => create("--internal")).toThrow(/internal network needs a subnet/);
  });
});
