import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PodNetworkData } from "@pharos/hoststate";
import { builtPlugin, TestHost } from "./plugin-harness.ts";

const DATA: PodNetworkData = {
  version: 1,
  defaultBridge: "podBr0",
  bridges: [
    {
      name: "podBr0",
      isGateway: true,
      ipMasq: false,
      ranges: [
        { subnet: "10.9.0.0/24", block: "10.9.0.0/24", rangeStart: "10.9.0.2", rangeEnd: "10.9.0.60", gateway: "10.9.0.1", exclude: [] },
      ],
      routes: [{ dst: "0.0.0.0/0" }],
    },
  ],
};

/** Answers every connection with its pod's name and the address that the client seems to have. */
const SERVER = `require("node:net").createServer((c) => { c.end(process.argv[1] + " " + c.remoteAddress); c.on("error", () => {}); }).listen(8080, "0.0.0.0", () => console.log("listening"));`;

/** Connects and prints the answer, or fails within a second. */
const CLIENT = `const s = require("node:net").connect({ host: process.argv[1], port: Number(process.argv[2]), timeout: 1000 }); s.on("data", (d) => process.stdout.write(d)); s.on("timeout", () => process.exit(3)); s.on("error", () => process.exit(2));`;

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
