import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { builtPlugin, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const DATA = networkOf(bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "60")]));

/** Answers every connection with its pod's name and the address that the client seems to have. */
const SERVER = `require("node:net").createServer((c) => { c.end(process.argv[1] + " " + c.remoteAddress); c.on("error", () => {}); }).listen(8080, "0.0.0.0", () => console.log("listening"));`;

/** Connects and prints the answer, or fails within a second. */
const CLIENT = `const s = require("node:net").connect({ host: process.argv[1], port: Number(process.argv[2]), timeout: 1000 }); s.on("data", (d) => process.stdout.write(d)); s.on("timeout", () => process.exit(3)); s.on("error", () => process.exit(2));`;

/** A set or map as `nft -j` lists it. */
interface SetListing {
  readonly name: string;
  readonly elem?: readonly unknown[];
}

let plugin = "";
let host: TestHost;
const hosts: TestHost[] = [];
const servers: ChildProcess[] = [];

beforeAll(() => {
  plugin = builtPlugin();
}, 180_000);

beforeEach(() => {
  host = new TestHost(`phport${process.pid}-${hosts.length}`, plugin, DATA);
  hosts.push(host);
  for (const pod of ["a", "b", "world"]) host.addPod(pod);
  // The world is a machine on another link of the host.
  host.ip("host", "link", "add", "up0", "type", "veth", "peer", "name", "eth9", "netns", host.namespaceOf("world"));
  host.ip("host", "address", "add", "192.0.2.1/24", "dev", "up0");
  host.ip("host", "link", "set", "up0", "up");
  host.ip("world", "address", "add", "192.0.2.2/24", "dev", "eth9");
  host.ip("world", "link", "set", "eth9", "up");
  host.exec("host", "sysctl", "-qw", "net.ipv4.ip_forward=1");
});

afterAll(() => {
  for (const server of servers) server.kill("SIGKILL");
  for (const one of hosts) one.remove();
});

async function serve(pod: string): Promise<void> {
  const child = spawn("nsenter", [`--net=/run/netns/${host.namespaceOf(pod)}`, process.execPath, "-e", SERVER, pod], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  servers.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
}

function ask(where: string, address: string, port: number): string {
  try {
    return host.exec(where, process.execPath, "-e", CLIENT, address, String(port));
  } catch {
    return "nothing";
  }
}

const mapped = (...portMappings: object[]) => ({ config: { runtimeConfig: { portMappings } } });
const table = () => host.exec("host", "nft", "-j", "list", "table", "inet", "pharos_pods");
const elementsLeft = () =>
  JSON.parse(table()).nftables.filter((item: { map?: { elem?: unknown }; set?: { elem?: unknown } }) => item.map?.elem ?? item.set?.elem);

describe("host ports", () => {
  test("lead to the pod from the world, from the host, from its neighbour and from itself, and to nobody after DEL", async () => {
    const added = await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080, protocol: "tcp" }) });
    expect([added.code, added.json.msg, added.json.details]).toEqual([0, undefined, undefined]);
    await host.call({ verb: "ADD", pod: "b" });
    await serve("a");
    expect(ask("world", "192.0.2.1", 18080)).toBe("a 192.0.2.2");
    expect(ask("host", "192.0.2.1", 18080)).toMatch(/^a /);
    expect(ask("b", "192.0.2.1", 18080)).toMatch(/^a /);
    expect(ask("a", "192.0.2.1", 18080)).toMatch(/^a /);
    expect(ask("world", "192.0.2.1", 18081)).toBe("nothing");
    expect((await host.call({ verb: "DEL", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) })).code).toBe(0);
    expect(ask("world", "192.0.2.1", 18080)).toBe("nothing");
    expect(elementsLeft()).toEqual([]);
  });

  test("only what is addressed to the host is translated", async () => {
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 8080, containerPort: 8080 }) });
    await host.call({ verb: "ADD", pod: "b" });
    await serve("b");
    await serve("a");
    expect(ask("world", "192.0.2.1", 8080)).toMatch(/^a /);
    host.ip("world", "route", "add", "10.9.0.0/24", "via", "192.0.2.1");
    expect(ask("world", "10.9.0.3", 8080)).toMatch(/^b /);
  });

  test("a port that is bound to one address of the host answers there only", async () => {
    host.ip("host", "address", "add", "192.0.2.9/24", "dev", "up0");
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080, hostIP: "192.0.2.9" }) });
    await serve("a");
    expect([ask("world", "192.0.2.9", 18080), ask("world", "192.0.2.1", 18080)]).toEqual(["a 192.0.2.2", "nothing"]);
  });

  test("a port of another pod is refused, and nothing of the refused pod stays", async () => {
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) });
    const links = host.podLinks();
    const refused = await host.call({ verb: "ADD", pod: "b", ...mapped({ hostPort: 18080, containerPort: 8080 }) });
    expect(refused).toMatchObject({ code: 1, json: { code: 11, msg: expect.stringContaining("PHAROS-2208") } });
    expect(host.podLinks()).toEqual(links);
  });

  test("GC ends the ports of pods that the runtime does not list", async () => {
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) });
    await host.call({ verb: "GC", pod: "a", config: { "cni.dev/valid-attachments": [] } });
    expect(elementsLeft()).toEqual([]);
  });

  test("DEL succeeds where somebody removed the table", async () => {
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) });
    host.exec("host", "nft", "delete", "table", "inet", "pharos_pods");
    expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
  });
});

describe("masquerade", () => {
  const [bridge] = DATA.bridges;
  const masqueraded = { ...DATA, bridges: [{ ...bridge, ipMasq: true }] };

  test("gives flows to other networks the host's address, not those inside the subnet, where the configuration brings the data", async () => {
    await host.call({ verb: "ADD", pod: "a", config: { pharos: masqueraded } });
    await host.call({ verb: "ADD", pod: "b", config: { pharos: masqueraded } });
    await serve("world");
    await serve("b");
    expect(ask("a", "192.0.2.2", 8080)).toBe("world 192.0.2.1");
    expect(ask("a", "10.9.0.3", 8080)).toBe("b 10.9.0.2");
    for (const pod of ["a", "b"]) expect((await host.call({ verb: "DEL", pod })).code).toBe(0);
    expect(elementsLeft()).toEqual([]);
  });

  test("is the agent's where the data are its own: the plugin makes no table", async () => {
    const dataFile = join(host.folder, "cni.json");
    writeFileSync(dataFile, JSON.stringify(masqueraded));
    expect((await host.call({ verb: "ADD", pod: "a", config: { pharos: undefined, dataFile } })).code).toBe(0);
    expect(host.exec("host", "nft", "list", "tables")).toBe("");
  });
});

describe("the pods' table", () => {
  test("is made anew for a pod that comes after it was removed", async () => {
    await host.call({ verb: "ADD", pod: "b", ...mapped({ hostPort: 18081, containerPort: 8080 }) });
    host.exec("host", "nft", "delete", "table", "inet", "pharos_pods");
    expect((await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) })).code).toBe(0);
    await serve("a");
    expect(ask("world", "192.0.2.1", 18080)).toMatch(/^a /);
  });

  test("holds what nft reads back", async () => {
    const ports = [
      { hostPort: 18080, containerPort: 8080 },
      { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "192.0.2.1" },
      { hostPort: 9, containerPort: 9, protocol: "sctp" },
    ];
    await host.call({
      verb: "ADD",
      pod: "a",
      config: { pharos: { ...DATA, bridges: [{ ...DATA.bridges[0], ipMasq: true }] }, runtimeConfig: { portMappings: ports } },
    });
    const listed: { nftables: { map?: SetListing; set?: SetListing }[] } = JSON.parse(
      host.exec("host", "nft", "-j", "list", "table", "inet", "pharos_pods"),
    );
    const found = listed.nftables.flatMap(({ map, set }) => map ?? set ?? []).filter(({ elem = [] }) => elem.length > 0);
    expect(Object.fromEntries(found.map(({ name, elem = [] }) => [name, elem.map((one) => JSON.stringify(one)).sort()]))).toEqual({
      hostports4: ['[{"concat":["sctp",9]},{"concat":["10.9.0.2",9]}]', '[{"concat":["tcp",18080]},{"concat":["10.9.0.2",8080]}]'],
      "hostports4-by-address": ['[{"concat":["192.0.2.1","udp",53]},{"concat":["10.9.0.2",5353]}]'],
      hairpin4: ['{"concat":[{"prefix":{"addr":"10.9.0.0","len":24}},"10.9.0.2"]}'],
      masquerade4: ['"10.9.0.2"'],
      unmasqueraded4: ['{"concat":["10.9.0.2",{"prefix":{"addr":"10.9.0.0","len":24}}]}'],
    });
  });

  test("keeps a port that leads to another pod by now when the former one is removed", async () => {
    await host.call({ verb: "ADD", pod: "a", ...mapped({ hostPort: 18080, containerPort: 8080 }) });
    host.exec("host", "nft", "delete element inet pharos_pods hostports4 { tcp . 18080 }");
    host.exec("host", "nft", "add element inet pharos_pods hostports4 { tcp . 18080 : 10.9.0.50 . 80 }");
    expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
    expect(host.exec("host", "nft", "list", "map", "inet", "pharos_pods", "hostports4")).toContain("10.9.0.50 . 80");
    expect(host.exec("host", "nft", "list", "set", "inet", "pharos_pods", "hairpin4")).not.toContain("elements");
  });
});

describe("the mark of a bridge", () => {
  test("tells the agent to leave it alone where only the plugin's configuration knows it", async () => {
    await host.call({ verb: "ADD", pod: "a" });
    expect(host.ip("host", "link", "show", "podBr0")).toMatch(/alias pharos-pod-bridge\n/);
  });

  test("is that of the agent where the data are the agent's", async () => {
    const dataFile = join(host.folder, "cni.json");
    writeFileSync(dataFile, JSON.stringify(DATA));
    await host.call({ verb: "ADD", pod: "a", config: { pharos: undefined, dataFile } });
    expect(host.ip("host", "link", "show", "podBr0")).toMatch(/alias pharos\n/);
  });
});
