import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DhcpSegment, honest, type Script } from "@pharos/dhcp/testing";
import { withNamespace } from "@pharos/kernel/namespace";
import { type LedgerEntry, readLedger } from "@pharos/ledger";
import { builtPlugin, type PluginRun, TestHost } from "../plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "../test-network.ts";

const LEASED = { isGateway: false, ipam: "dhcp" } as const;
const DATA = networkOf(
  bridgeOf("wireBr", [], { ...LEASED, routes: [{ dst: "0.0.0.0/0" }] }),
  bridgeOf("deadBr", [], LEASED),
  bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "60")]),
);
const SHORT = { dhcpTimeoutMs: 1500 };

let plugin = "";
let hosts = 0;
const made: { host: TestHost; segment: DhcpSegment }[] = [];

beforeAll(() => {
  plugin = builtPlugin();
}, 180_000);

afterAll(async () => {
  for (const { host, segment } of made) {
    await segment.stop();
    host.remove();
  }
});

function newHost(...pods: string[]) {
  const host = new TestHost(`pdh${process.pid}-${hosts++}`, plugin, DATA);
  host.addPod("dhcp");
  const segment = new DhcpSegment({
    host: host.namespaceOf("host"),
    server: host.namespaceOf("dhcp"),
    bridge: "wireBr",
    folder: host.folder,
    inside: (namespace, work) => withNamespace(`/run/netns/${namespace}`, work),
  });
  made.push({ host, segment });
  for (const pod of pods) host.addPod(pod);
  return { host, segment };
}

function addressesOf(run: PluginRun): string[] {
  const ips = run.json.ips;
  return Array.isArray(ips) ? ips.map((ip: { address: string }) => ip.address) : [];
}

function ledgerOf(host: TestHost): readonly LedgerEntry[] {
  return readLedger(host.stateDir);
}

/** Addresses of a pod's interface in the kernel. */
function kernelAddresses(host: TestHost, pod: string, link = "eth0"): string[] {
  const [found] = JSON.parse(host.ip(pod, "-j", "-4", "addr", "show", "dev", link)) as {
    addr_info: { local: string; prefixlen: number }[];
  }[];
  return (found?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`${what} did not come true in 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const add = (host: TestHost, pod: string, config: Record<string, unknown> = {}) => host.call({ verb: "ADD", pod, config });

describe("ADD on a bridge with a DHCP server", () => {
  test("attaches pods with leased addresses, between which packets pass, and says so in result and ledger", async () => {
    const { host, segment } = newHost("a", "b");
    await segment.serve("opt lease 600", "opt dns 10.4.0.53", "opt domain car.test");
    const [a, b] = [await add(host, "a"), await add(host, "b")];
    expect([a.stdout, a.code, b.code]).toEqual([expect.anything(), 0, 0]);
    const [first = "", second = ""] = [...addressesOf(a), ...addressesOf(b)];
    expect(first).toMatch(/^10\.4\.0\.\d+\/24$/);
    expect(new Set([first, second]).size).toBe(2);
    expect(a.json.ips).toEqual([{ address: first, gateway: "10.4.0.1", interface: 2 }]);
    expect(kernelAddresses(host, "a")).toEqual([first]);
    expect(host.ip("a", "route", "show", "default")).toContain("default via 10.4.0.1 dev eth0");
    expect(host.exec("a", "ping", "-c", "1", "-W", "5", second.split("/")[0] ?? "")).toContain("1 received");
    expect(host.exec("b", "ping", "-c", "1", "-W", "5", "10.4.0.1")).toContain("1 received");
    expect(ledgerOf(host)[0]).toMatchObject({
      bridge: "wireBr",
      addresses: [first],
      gateways: ["10.4.0.1"],
      lease: {
        address: first,
        server: "10.4.0.1",
        seconds: 600,
        renewSeconds: 300,
        dns: { nameservers: ["10.4.0.53"], domain: "car.test" },
      },
    });
  });

  test("at the same time as others gets an address of its own", async () => {
    const pods = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const { host, segment } = newHost(...pods);
    await segment.serve();
    const runs = await Promise.all(pods.map((pod) => add(host, pod, { dhcpTimeoutMs: 30_000 })));
    expect(runs.map(({ code, stdout }) => (code === 0 ? 0 : stdout))).toEqual(pods.map(() => 0));
    expect(new Set(runs.flatMap(addressesOf)).size).toBe(pods.length);
    expect(
      ledgerOf(host)
        .flatMap(({ addresses }) => addresses)
        .sort(),
    ).toEqual(runs.flatMap(addressesOf).sort());
  });

  test("that is repeated keeps the lease, also while no server is there; CHECK finds nothing", async () => {
    const { host, segment } = newHost("a");
    await segment.serve();
    const first = await add(host, "a");
    await segment.stop();
    host.ip("a", "link", "set", "eth0", "down");
    const again = await add(host, "a");
    expect([again.code, addressesOf(again)]).toEqual([0, addressesOf(first)]);
    expect(host.ip("a", "route", "show", "default")).toContain("via 10.4.0.1");
    const check = await host.call({ verb: "CHECK", pod: "a", config: { prevResult: again.json } });
    expect(check.stdout).toBe("");
  });

  test("that is killed while it waits leaves what a second one completes with the same address", async () => {
    const { host, segment } = newHost("a");
    segment.script(() => []);
    const killed = host.call({
      verb: "ADD",
      pod: "a",
      onStart: (child) => void until("a question", () => segment.heard.length > 0).then(() => child.kill("SIGKILL")),
    });
    expect((await killed).code).toBeNull();
    expect(ledgerOf(host)).toMatchObject([{ addresses: [] }]);
    segment.script(honest("10.4.0.7"));
    expect(addressesOf(await add(host, "a"))).toEqual(["10.4.0.7/24"]);
    expect(host.podLinks()).toHaveLength(1);
  });

  test("is error 11 in time when nobody answers, and leaves nothing", async () => {
    const { host } = newHost("a");
    const run = await add(host, "a", SHORT);
    expect(run.json).toMatchObject({ code: 11, msg: expect.stringContaining("PHAROS-2301") });
    expect([host.podLinks(), ledgerOf(host)]).toEqual([[], []]);
  });

  test("takes the server's routes, whatever comes before that is no answer, no offer or a refusal", async () => {
    const { host, segment } = newHost("a");
    const routes = {
      classlessRoutes: [
        { dst: "10.8.0.0/16", gw: "10.4.0.2" },
        { dst: "0.0.0.0/0", gw: "10.4.0.3" },
      ],
    };
    const faulty: Script = (message, count) => {
      if (count === 1) return [{ type: "offer", raw: Uint8Array.of(1, 2, 3) }, { type: "ack" }, { type: "offer", yiaddr: "10.4.0.9" }];
      if (count === 2) return [{ type: "nak" }];
      return honest("10.4.0.9", routes)(message, count);
    };
    segment.script(faulty);
    const run = await add(host, "a");
    expect(addressesOf(run)).toEqual(["10.4.0.9/24"]);
    expect(segment.heard).toEqual(["discover", "request 10.4.0.9", "discover", "request 10.4.0.9"]);
    expect(host.ip("a", "route").replaceAll(" proto 80", "")).toContain("default via 10.4.0.3 dev eth0");
    expect(host.ip("a", "route").replaceAll(" proto 80", "")).toContain("10.8.0.0/16 via 10.4.0.2 dev eth0");
  });

  test("declines an address that another pod of the bridge has", async () => {
    const { host, segment } = newHost("a", "b");
    segment.script(honest("10.4.0.5"));
    await add(host, "a");
    segment.heard.length = 0;
    let declined = false;
    segment.script((message, count) => {
      declined ||= message.type === "decline";
      return honest(declined ? "10.4.0.6" : "10.4.0.5")(message, count);
    });
    expect(addressesOf(await add(host, "b"))).toEqual(["10.4.0.6/24"]);
    expect(segment.heard).toEqual(["discover", "request 10.4.0.5", "decline 10.4.0.5", "discover", "request 10.4.0.6"]);
    segment.script(honest("10.4.0.6"));
    host.addPod("c");
    const third = await add(host, "c", SHORT);
    expect(third.json).toMatchObject({ code: 11, msg: expect.stringContaining("PHAROS-2302") });
    expect(host.podLinks()).toHaveLength(2);
  });

  test("as a further interface gets no default route, and goes with the first", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5"));
    const annotations = { runtimeConfig: { "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": "podBr0,wireBr" } } };
    const run = await add(host, "a", annotations);
    expect([run.code, addressesOf(run)]).toEqual([0, ["10.9.0.2/24", "10.4.0.5/24"]]);
    expect(kernelAddresses(host, "a", "net1")).toEqual(["10.4.0.5/24"]);
    expect(host.ip("a", "route", "show", "default").trim().split("\n")).toHaveLength(1);
    await host.call({ verb: "DEL", pod: "a", config: annotations });
    await until("the release", () => segment.heard.at(-1) === "release 10.4.0.5");
    expect([host.podLinks(), ledgerOf(host)]).toEqual([[], []]);
  });
});

test("a lease that an ADD got before it failed is given back", async () => {
  const { host, segment } = newHost("a");
  segment.script(honest("10.4.0.5"));
  const annotations = { "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": "wireBr,deadBr" } };
  const run = await add(host, "a", { runtimeConfig: annotations, ...SHORT });
  expect(run.json).toMatchObject({ code: 11, msg: expect.stringContaining("nobody on deadBr answers net1") });
  await until("the release", () => segment.heard.at(-1) === "release 10.4.0.5");
  expect([host.podLinks(), ledgerOf(host)]).toEqual([[], []]);
});

describe("DEL on a bridge with a DHCP server", () => {
  test("gives the lease back from the pod, and from the bridge when the pod's namespace is gone", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5"));
    await add(host, "a");
    expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
    await until("the release", () => segment.heard.at(-1) === "release 10.4.0.5");
    await add(host, "a");
    expect(segment.heard.at(-1)).toBe("request 10.4.0.5");
    expect((await host.call({ verb: "DEL", pod: "a", netns: "/run/netns/none-of-all" })).code).toBe(0);
    await until("the release", () => segment.heard.at(-1) === "release 10.4.0.5");
    expect([host.podLinks(), ledgerOf(host)]).toEqual([[], []]);
  });
});

describe("RENEW", () => {
  const renew = (host: TestHost) => host.call({ verb: "RENEW", pod: "a" });

  test("prolongs leases that are due and no others, and does not touch the kernel", async () => {
    const { host, segment } = newHost("a", "b");
    const due = honest("10.4.0.5", { leaseSeconds: 600, renewSeconds: 1 });
    segment.script(due);
    await add(host, "a");
    segment.script(honest("10.4.0.6"));
    await add(host, "b");
    const before = host.ip("a", "-4", "addr");
    segment.script(due);
    await until("T1", () => Date.now() > Date.parse(ledgerOf(host)[0]?.lease?.began ?? "") + 1500);
    segment.heard.length = 0;
    const run = await renew(host);
    expect(run.json.leases).toEqual([{ containerID: "a-id", ifname: "eth0", address: "10.4.0.5/24", outcome: "renewed" }]);
    expect(segment.heard).toEqual(["request 10.4.0.5"]);
    expect(host.ip("a", "-4", "addr")).toBe(before);
    const [renewed] = ledgerOf(host).filter(({ key }) => key.containerID === "a-id");
    expect(renewed?.lease?.startMs).toBeGreaterThan(
      ledgerOf(host).find(({ key }) => key.containerID === "b-id")?.lease?.startMs ?? Number.POSITIVE_INFINITY,
    );
  });

  test("keeps a lease that runs while nobody answers", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5", { leaseSeconds: 600, renewSeconds: 1, rebindSeconds: 2 }));
    await add(host, "a");
    await segment.stop();
    await until("T2", () => Date.now() > Date.parse(ledgerOf(host)[0]?.lease?.began ?? "") + 2200);
    expect((await renew(host)).json.leases).toMatchObject([{ outcome: "silent" }]);
    expect(kernelAddresses(host, "a")).toEqual(["10.4.0.5/24"]);
  });

  test("takes the address when the time of its lease is over, with all that leads to it; ADD puts it back", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5", { leaseSeconds: 2 }));
    const ports = { runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] } };
    await add(host, "a", ports);
    await segment.stop();
    expect(kernelAddresses(host, "a")).toEqual(["10.4.0.5/24"]);
    expect(host.exec("host", "nft", "list", "table", "inet", "pharos_pods")).toContain("10.4.0.5");
    await until("the end", () => Date.now() > Date.parse(ledgerOf(host)[0]?.lease?.began ?? "") + 2200);
    expect((await renew(host)).json.leases).toMatchObject([{ outcome: "over", message: "nobody prolonged it" }]);
    expect(kernelAddresses(host, "a")).toEqual([]);
    expect(host.exec("host", "nft", "list", "table", "inet", "pharos_pods")).not.toContain("10.4.0.5");
    expect(ledgerOf(host)).toMatchObject([{ addresses: [], lease: { address: "10.4.0.5/24", isOver: true } }]);
    expect((await renew(host)).json.leases).toEqual([]);
    const check = await host.call({ verb: "CHECK", pod: "a", config: ports });
    expect(check.stdout).toContain("the lease of 10.4.0.5/24 is over");
    // A server that has given it away meanwhile does not get the pod to have another one.
    segment.script(honest("10.4.0.6"));
    expect((await add(host, "a", { ...ports, dhcpTimeoutMs: 4000 })).json).toMatchObject({
      code: 11,
      msg: expect.stringContaining("10.4.0.6 instead of 10.4.0.5"),
    });
    segment.script(honest("10.4.0.5"));
    expect(addressesOf(await add(host, "a", ports))).toEqual(["10.4.0.5/24"]);
    expect(kernelAddresses(host, "a")).toEqual(["10.4.0.5/24"]);
    expect(host.exec("host", "nft", "list", "table", "inet", "pharos_pods")).toContain("10.4.0.5");
    expect(host.ip("a", "route", "show", "default")).toContain("via 10.4.0.1");
  });

  test("takes the address at once when the server takes the lease back", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5", { leaseSeconds: 600, renewSeconds: 1 }));
    await add(host, "a");
    segment.script(({ type }) => (type === "request" ? [{ type: "nak", options: { message: "moved" } }] : []));
    await until("T1", () => Date.now() > Date.parse(ledgerOf(host)[0]?.lease?.began ?? "") + 1500);
    expect((await renew(host)).json.leases).toMatchObject([{ outcome: "over", message: "10.4.0.1 refuses: moved" }]);
    expect(kernelAddresses(host, "a")).toEqual([]);
  });

  test("is no concern of pods that are gone", async () => {
    const { host, segment } = newHost("a");
    segment.script(honest("10.4.0.5", { leaseSeconds: 600, renewSeconds: 1 }));
    await add(host, "a");
    await until("T1", () => Date.now() > Date.parse(ledgerOf(host)[0]?.lease?.began ?? "") + 1500);
    host.ip("a", "link", "del", "eth0");
    expect((await renew(host)).json.leases).toMatchObject([{ outcome: "gone" }]);
  });
});
