// In this tier because cnitool is one of the programs that `make kube-assets` builds.
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requireKubeAsset } from "@pharos/lab/kubernetes";
import { readLedger } from "@pharos/ledger";
import { builtPlugin } from "./built-plugin.ts";
import { CnitoolHost } from "./cnitool-host.ts";
import { UPLINK } from "./container-host.ts";

const LEDGER = "/var/lib/pharos/ledger";
const DATA_FILE = "/var/lib/pharos/cni.json";
const data = {
  version: 1,
  defaultBridge: "net0",
  bridges: [
    {
      name: "net0",
      isGateway: true,
      ipMasq: true,
      ranges: [
        { subnet: "10.2.1.0/24", block: "10.2.1.0/24", rangeStart: "10.2.1.10", rangeEnd: "10.2.1.99", gateway: "10.2.1.1", exclude: [] },
        { subnet: "fd02::/64", block: "fd02::/64", rangeStart: "fd02::10", rangeEnd: "fd02::99", gateway: "fd02::1", exclude: [] },
      ],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
    },
  ],
};

describe("cnitool", () => {
  let tool: CnitoolHost;

  beforeAll(() => {
    const plugin = builtPlugin();
    tool = new CnitoolHost("pru-ct", { cnitool: requireKubeAsset("cnitool", process.env), pluginFolders: [dirname(plugin)] });
    for (const pod of ["a", "b"]) tool.addPod(pod);
  }, 120_000);
  afterAll(() => tool.stop());

  const held = () => readLedger(tool.host.ownFolder(LEDGER));

  function configure(network: string, cniVersion: string, fields: object): void {
    const list = { cniVersion, name: network, plugins: [{ type: "pharos-cni", stateDir: LEDGER, ...fields }] };
    tool.host.run(["tee", join("/etc/cni/net.d", `${network}.conflist`)], JSON.stringify(list));
  }

  for (const cniVersion of ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
    test(`version ${cniVersion}: add, check and del with the data in the configuration`, () => {
      configure("inline", cniVersion, { pharos: data });
      const result = tool.succeed({ verb: "add", network: "inline", pod: "a" });
      tool.succeed({ verb: "add", network: "inline", pod: "b" });
      expect(result.cniVersion).toBe(cniVersion);
      expect(result.ips.map(({ interface: index }) => result.interfaces[index ?? -1]?.name)).toEqual(["eth0", "eth0"]);
      const [v4 = "", v6 = ""] = result.ips.map(({ address }) => address.split("/")[0] ?? "");
      for (const address of [v4, v6]) expect(tool.inPod("b", ["ping", "-c", "1", "-W", "2", address])).toContain("1 received");
      expect(tool.inPod("a", ["ping", "-c", "1", "-W", "2", UPLINK.outside])).toContain("1 received");
      if (cniVersion !== "0.3.1") {
        tool.succeed({ verb: "check", network: "inline", pod: "a" });
        tool.inPod("a", ["ip", "addr", "del", `${v4}/24`, "dev", "eth0"]);
        expect(tool.cnitool({ verb: "check", network: "inline", pod: "a" }).stderr).toContain(`${v4}/24`);
      }
      for (const pod of ["a", "b", "b"]) tool.succeed({ verb: "del", network: "inline", pod });
      expect(held()).toEqual([]);
      expect(tool.host.links("pv")).toEqual([]);
    });
  }

  test("the data file: status tells when it is missing and when it is there, and pods get its bridges", () => {
    configure("file", "1.1.0", { dataFile: DATA_FILE });
    expect(tool.cnitool({ verb: "status", network: "file", pod: "a" }).stderr).toContain("PHAROS-5004");
    expect(tool.cnitool({ verb: "add", network: "file", pod: "a" }).stderr).toContain("PHAROS-5004");
    tool.host.run(["tee", DATA_FILE], JSON.stringify(data));
    tool.succeed({ verb: "status", network: "file", pod: "a" });
    tool.succeed({ verb: "add", network: "file", pod: "a" });
    tool.succeed({ verb: "check", network: "file", pod: "a" });
    tool.succeed({ verb: "del", network: "file", pod: "a" });
    expect(held()).toEqual([]);
  });

  test("gc takes away what is attached no more, whose namespace is gone, and leaves other networks alone", () => {
    configure("inline", "1.1.0", { pharos: data });
    configure("other", "1.1.0", { pharos: data });
    tool.addPod("c");
    tool.succeed({ verb: "add", network: "inline", pod: "c" });
    tool.succeed({ verb: "add", network: "other", pod: "a" });
    tool.removePod("c");
    // libcni removes what it remembers; cnitool names no valid attachments, and the plugin refuses to guess what else is dead.
    expect(tool.cnitool({ verb: "gc", network: "inline", pod: "a" }).stderr).toContain("PHAROS-2201");
    expect(held().map(({ key }) => key.network)).toEqual(["other"]);
    tool.succeed({ verb: "del", network: "other", pod: "a" });
    expect(tool.host.links("pv")).toEqual([]);
  });

  test("capabilities and arguments: a fixed address, a fixed hardware address, a host port", () => {
    const capabilities = { portMappings: true, ips: true, mac: true };
    configure("inline", "1.0.0", { pharos: data, capabilities });
    const given = { portMappings: [{ hostPort: 18081, containerPort: 80, protocol: "tcp" }], ips: ["10.2.1.50"], mac: "92:d0:c6:0a:29:33" };
    const result = tool.succeed({ verb: "add", network: "inline", pod: "a", capabilities: given });
    expect(result.ips[0]?.address).toBe("10.2.1.50/24");
    expect(tool.inPod("a", ["ip", "link", "show", "eth0"])).toContain("92:d0:c6:0a:29:33");
    expect(held()[0]?.ports).toEqual([{ protocol: "tcp", hostPort: 18081, containerPort: 80 }]);
    tool.succeed({ verb: "del", network: "inline", pod: "a", capabilities: given });
    expect(held()).toEqual([]);
  });
});
