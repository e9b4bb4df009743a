import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import { builtPlugin } from "./built-plugin.ts";
import { UPLINK } from "./container-host.ts";
import { PLUGIN_FOLDER, PodmanHost } from "./podman-host.ts";
import { eventually, HTTP_REQUEST, netcat, serving } from "./requests.ts";

const LEDGER = "/var/lib/pharos/ledger";
const CAPABILITIES = { portMappings: true, ips: true, mac: true, bandwidth: true, aliases: true };
const range = { subnet: "10.77.0.0/24", block: "10.77.0.0/24", rangeStart: "10.77.0.10", rangeEnd: "10.77.0.99", gateway: "10.77.0.1" };
const data = {
  version: 1,
  defaultBridge: "veh0",
  bridges: [
    { name: "veh0", isGateway: true, ipMasq: true, ranges: [{ ...range, exclude: [] }], routes: [{ dst: "0.0.0.0/0" }] },
    {
      name: "veh1",
      isGateway: false,
      ipMasq: false,
      ranges: [
        { subnet: "10.78.0.0/24", block: "10.78.0.0/24", rangeStart: "10.78.0.10", rangeEnd: "10.78.0.99", exclude: [] },
        { subnet: "fd78::/64", block: "fd78::/64", rangeStart: "fd78::10", rangeEnd: "fd78::99", exclude: [] },
      ],
      routes: [],
    },
  ],
};

function conflist(name: string, defaultBridge: string): readonly string[] {
  const plugin = { type: "pharos-cni", stateDir: LEDGER, capabilities: CAPABILITIES, pharos: { ...data, defaultBridge } };
  return [JSON.stringify({ cniVersion: "1.0.0", name, plugins: [plugin] })];
}

describe("Podman with its CNI backend", () => {
  let podman: PodmanHost;

  beforeAll(() => {
    const network = ['network_backend = "cni"', `cni_plugin_dirs = ["${PLUGIN_FOLDER}"]`, 'default_network = "vehicle"'];
    podman = PodmanHost.start({ name: "pru-pc", plugin: builtPlugin(), network });
    podman.write("/etc/cni/net.d/10-vehicle.conflist", conflist("vehicle", "veh0"));
    podman.write("/etc/cni/net.d/20-second.conflist", conflist("second", "veh1"));
  }, 120_000);
  afterAll(() => podman.stop());

  const held = () => readLedger(podman.host.ownFolder(LEDGER));

  test("containers get addresses of the range, reach each other and the world, and are reached by published ports", async () => {
    podman.runContainer("server", ["--publish", "18080:80"], ...serving("hello"));
    podman.runContainer("client", []);
    const [server] = Object.values(podman.inspect("server").NetworkSettings.Networks);
    expect(server).toMatchObject({ IPAddress: "10.77.0.10", IPPrefixLen: 24, Gateway: "10.77.0.1" });
    const ping = (address: string) => podman.podman("exec", "client", "ping", "-c", "1", "-W", "2", address);
    expect(ping("10.77.0.10")).toContain("1 packets received");
    expect(ping(UPLINK.outside)).toContain("1 packets received");
    await eventually(() => expect(podman.host.outside(netcat(UPLINK.host, 18080), HTTP_REQUEST)).toContain("hello"));
    podman.podman("rm", "--force", "--time", "0", "server", "client");
    expect(held()).toEqual([]);
    expect(podman.host.links("pv")).toEqual([]);
    expect(podman.host.run(["nft", "list", "table", "inet", "pharos_pods"])).not.toContain("elements");
  });

  test("a fixed address and hardware address are kept over a restart", () => {
    podman.runContainer("fixed", ["--ip", "10.77.0.50", "--mac-address", "92:d0:c6:0a:29:33"]);
    podman.podman("restart", "--time", "0", "fixed");
    const [network] = Object.values(podman.inspect("fixed").NetworkSettings.Networks);
    expect(network).toMatchObject({ IPAddress: "10.77.0.50", MacAddress: "92:d0:c6:0a:29:33" });
    expect(podman.podman("exec", "fixed", "ip", "addr", "show", "eth0")).toContain("92:d0:c6:0a:29:33");
    expect(held().map(({ pod }) => pod)).toEqual([{ namespace: "default", name: "fixed" }]);
    podman.podman("rm", "--force", "--time", "0", "fixed");
  });

  test("a container is in two networks, and leaves one while it runs", () => {
    podman.runContainer("both", ["--network", "vehicle,second"]);
    const addresses = () => podman.podman("exec", "both", "ip", "-4", "addr");
    expect(addresses()).toMatch(/10\.77\.0\.\d+\/24/);
    expect(addresses()).toContain("10.78.0.10/24");
    expect(podman.inspect("both").NetworkSettings.Networks.second).toMatchObject({ GlobalIPv6Address: "fd78::10" });
    podman.podman("network", "disconnect", "second", "both");
    expect(addresses()).not.toContain("10.78.");
    podman.podman("network", "connect", "second", "both");
    expect(addresses()).toContain("10.78.");
    podman.podman("rm", "--force", "--time", "0", "both");
    expect(held()).toEqual([]);
  });

  test("what Podman cannot have is refused with the reason", () => {
    podman.runContainer("holder", ["--ip", "10.77.0.60"]);
    expect(() => podman.runContainer("late", ["--ip", "10.77.0.60"])).toThrow(/PHAROS-22\d\d.*10\.77\.0\.60/);
    expect(() => podman.runContainer("far", ["--ip", "10.99.0.1"])).toThrow(/PHAROS-22\d\d.*10\.99\.0\.1/);
    podman.podman("rm", "--force", "--time", "0", "--all");
    expect(held()).toEqual([]);
    expect(podman.host.links("pv")).toEqual([]);
  });
});
