import { describe, expect, test } from "@jest/globals";
import type { PluginInput, PluginOutput } from "../plugin.ts";
import { isNetavarkCall, runNetavark } from "./run-netavark.ts";

const ID = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
const network = { name: "vehicle", id: ID, driver: "pharos-cni", dns_enabled: true, internal: false, options: null, subnets: null };
const container = { interface_name: "eth0", aliases: ["752947ff91f9"], static_ips: null, static_mac: null, options: null };
const subnets = [{ subnet: "10.1.0.0/24", lease_range: { start_ip: "10.1.0.128", end_ip: "10.1.0.255" } }, { subnet: "fd01::/64" }];

/** Runs a subcommand; `calls` takes what the core was asked for, and it answers `output`. */
function run(args: readonly string[], input: unknown, output: PluginOutput = { stdout: "", code: 0 }) {
  const calls: { env: PluginInput["env"]; config: Record<string, unknown> }[] = [];
  const answer = runNetavark({
    args,
    stdin: () => JSON.stringify(input),
    runPlugin: ({ env, stdin }) => {
      calls.push({ env, config: JSON.parse(stdin) });
      return output;
    },
  });
  return { code: answer.code, calls, json: answer.stdout === "" ? undefined : JSON.parse(answer.stdout) };
}

const setup = (more: object, output?: PluginOutput) =>
  run(
    ["setup", "/run/netns/x"],
    { container_id: "c1", container_name: "web", port_mappings: null, network, network_options: container, ...more },
    output,
  );

test("knows netavark's subcommands from CNI calls, which have no arguments", () => {
  expect(["create", "setup", "teardown", "info", "update", ""].filter((word) => isNetavarkCall([word]))).toEqual([
    "create",
    "setup",
    "teardown",
    "info",
  ]);
  expect(isNetavarkCall([])).toBe(false);
});

test("info tells the version of the interface", () => {
  expect(run(["info"], {}).json).toEqual({ version: expect.any(String), api_version: "1.0.0" });
});

describe("create", () => {
  test("a network without a subnet stays as it is, but for addresses and names, which Podman does not give", () => {
    const { json } = run(["create"], network);
    expect(json).toEqual({ ...network, dns_enabled: false, ipam_options: { driver: "none" } });
  });

  test("a network with subnets gets gateways and the name of its bridge", () => {
    const { json } = run(["create"], { ...network, subnets });
    expect(json).toMatchObject({
      name: "vehicle",
      network_interface: "ph2f259bab93aa",
      subnets: [
        { ...subnets[0], gateway: "10.1.0.1" },
        { subnet: "fd01::/64", gateway: "fd01::1" },
      ],
    });
  });

  test.each([
    ["an option that it does not know", { options: { vlan: "7" } }, /option vlan is not known for a network without a subnet/],
    ["an MTU for a bridge that documents describe", { options: { mtu: "1400" } }, /takes bridge, dataFile, stateDir/],
    ["an MTU that is none", { subnets, options: { mtu: "much" } }, /mtu/],
    ["a flag that is neither true nor false", { subnets, options: { isolated: "yes" } }, /neither true nor false/],
    ["a bridge name that is none", { options: { bridge: "a/b" } }, /not an interface name/],
    ["a subnet that is none", { subnets: [{ subnet: "10.1.0.0" }] }, /not a prefix/],
    ["a route with a metric", { subnets, routes: [{ destination: "10.9.0.0/16", gateway: "10.1.0.9", metric: 5 }] }, /metric/],
    ["an internal network of the documents", { internal: true }, /needs a subnet/],
    ["addresses by DHCP", { ipam_options: { driver: "dhcp" } }, /dhcp/],
  ])("refuses %s", (_title, fields, message) => {
    const { code, json } = run(["create"], { ...network, ...fields });
    expect([code, Object.keys(json)]).toEqual([1, ["error"]]);
    expect(json.error).toMatch(message);
  });
});

describe("setup and teardown", () => {
  test("setup is an ADD with the container's wishes as capabilities", () => {
    const { calls } = setup({
      port_mappings: [{ container_port: 80, host_ip: "127.0.0.1", host_port: 8080, protocol: "tcp,udp", range: 2 }],
      network_options: {
        ...container,
        static_ips: ["10.1.0.50"],
        static_mac: "aa:bb:cc:dd:aa:00",
        options: { "pharos.io/bridge": "back" },
      },
    });
    expect(calls[0]?.env).toEqual({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/x",
      CNI_IFNAME: "eth0",
      CNI_ARGS: "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
    });
    const port = (protocol: string, more: number) => ({ protocol, hostPort: 8080 + more, containerPort: 80 + more, hostIP: "127.0.0.1" });
    expect(calls[0]?.config).toEqual({
      cniVersion: "1.1.0",
      name: "vehicle",
      type: "pharos-cni",
      runtimeConfig: {
        portMappings: [port("tcp", 0), port("tcp", 1), port("udp", 0), port("udp", 1)],
        ips: ["10.1.0.50"],
        mac: "aa:bb:cc:dd:aa:00",
        "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": "back" },
      },
    });
  });

  test("a network with subnets brings its own data, and an internal one has neither a way out nor a masquerade", () => {
    const own = setup({ network: { ...network, subnets, options: { mtu: "1400" } } }).calls[0]?.config.pharos;
    expect(own).toMatchObject({
      version: 1,
      defaultBridge: "ph2f259bab93aa",
      bridges: [{ isGateway: true, ipMasq: true, mtu: 1400, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] }],
    });
    const internal = setup({ network: { ...network, subnets, internal: true } }).calls[0]?.config.pharos;
    expect(internal).toMatchObject({ bridges: [{ isGateway: false, ipMasq: false, routes: [] }] });
  });

  test("the status has the interfaces inside the container with their addresses", () => {
    const result = {
      cniVersion: "1.1.0",
      interfaces: [
        { name: "front", mac: "02:00:00:00:00:01" },
        { name: "pv1", mac: "02:00:00:00:00:02" },
        { name: "eth0", mac: "02:00:00:00:00:03", sandbox: "/x" },
      ],
      ips: [
        { address: "10.1.0.2/24", gateway: "10.1.0.1", interface: 2 },
        { address: "fd01::2/64", interface: 2 },
      ],
      routes: [],
      dns: { nameservers: ["10.1.0.1"], search: ["vehicle"] },
    };
    expect(setup({}, { stdout: JSON.stringify(result), code: 0 }).json).toEqual({
      interfaces: {
        eth0: { mac_address: "02:00:00:00:00:03", subnets: [{ ipnet: "10.1.0.2/24", gateway: "10.1.0.1" }, { ipnet: "fd01::2/64" }] },
      },
      dns_server_ips: ["10.1.0.1"],
      dns_search_domains: ["vehicle"],
    });
  });

  test("the core's error is told with its cause and what to do", () => {
    const failure = { cniVersion: "1.1.0", code: 11, msg: "PHAROS-2206: full", details: "PHAROS-2206 full (wait)" };
    expect(setup({}, { stdout: JSON.stringify(failure), code: 1 })).toMatchObject({
      code: 1,
      json: { error: expect.stringContaining("PHAROS-2206 full (wait)") },
    });
  });

  test("an option of the container that means nothing here is refused", () => {
    expect(setup({ network_options: { ...container, options: { vlan: "3" } } }).json.error).toMatch(/option vlan of the container/);
  });

  test("teardown is a DEL, whatever is wrong with the network", () => {
    const broken = { ...network, options: { stateDir: "/var/lib/x", vlan: "3" }, subnets: [{ subnet: "?" }] };
    const { code, json, calls } = run(["teardown", ""], { container_id: "c1", network: broken, network_options: container });
    expect([code, json]).toEqual([0, undefined]);
    expect(calls).toEqual([
      {
        env: { CNI_COMMAND: "DEL", CNI_CONTAINERID: "c1", CNI_NETNS: "", CNI_IFNAME: "eth0", CNI_ARGS: "" },
        config: { cniVersion: "1.1.0", name: "vehicle", type: "pharos-cni", stateDir: "/var/lib/x" },
      },
    ]);
  });
});
