import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { readLedger } from "@pharos/ledger";
import { podmanRuntime } from "../../node-agent/src/pods/podman-runtime.ts";
import type { RunningContainer } from "../../node-agent/src/pods/runtime.ts";
import { builtPlugin } from "./built-plugin.ts";
import { PLUGIN_FOLDER, PodmanHost } from "./podman-host.ts";
import { eventually } from "./requests.ts";

/** In a folder that the test sees too. */
const SOCKET = "/var/lib/pharos/podman.sock";
const LEDGER = "/var/lib/pharos/ledger";
const bridgeOf = (name: string, third: number) => ({
  name,
  isGateway: true,
  ipMasq: false,
  ranges: [
    {
      subnet: `10.89.${third}.0/24`,
      block: `10.89.${third}.0/24`,
      rangeStart: `10.89.${third}.10`,
      rangeEnd: `10.89.${third}.99`,
      gateway: `10.89.${third}.1`,
      exclude: [],
    },
  ],
  routes: [{ dst: "0.0.0.0/0" }],
});

describe("containers of Podman, as its service tells them", () => {
  let podman: PodmanHost;
  const runtime = () => podmanRuntime({ socket: podman.host.ownFolder(SOCKET), clock: systemClock, log: silentLog });
  const held = () => readLedger(podman.host.ownFolder(LEDGER));

  beforeAll(async () => {
    const network = ['network_backend = "cni"', `cni_plugin_dirs = ["${PLUGIN_FOLDER}"]`];
    podman = PodmanHost.start({ name: "pru-pr", plugin: builtPlugin(), network });
    podman.write("/var/lib/pharos/cni.json", [
      JSON.stringify({ version: 1, defaultBridge: "front", bridges: [bridgeOf("front", 1), bridgeOf("back", 2)] }),
    ]);
    // What the agent writes for container runtimes, of whose folders this is one.
    const plugin = { type: "pharos-cni", dataFile: "/var/lib/pharos/cni.json", stateDir: LEDGER, capabilities: { portMappings: true } };
    podman.write("/etc/cni/net.d/05-pharos.conflist", [JSON.stringify({ cniVersion: "1.0.0", name: "pharos", plugins: [plugin] })]);
    expect(await runtime().list()).toEqual([]);
    podman.host.start("service", ["podman", "system", "service", "--time=0", `unix://${SOCKET}`]);
    await eventually(() => podman.host.run(["test", "-S", SOCKET]));
  }, 120_000);
  afterAll(() => podman.stop());

  /** What an agent on the host makes of a request for this pod. */
  function answerRequest(
    podName: string,
    bridge: string,
  ): { status?: { phase: string; addresses: string[] }; containers: RunningContainer[] } {
    const script = join(import.meta.dirname, "answer-request.ts");
    return JSON.parse(podman.host.run([process.execPath, script, SOCKET, `${PLUGIN_FOLDER}/pharos-cni`, podName, bridge]));
  }

  test("names, labels, annotations and network namespaces; one that shares another's network has its id", async () => {
    const labels = ["--label", "io.pullpiri.annotations.scenario=parking", "--annotation", "pharos.io/bridge=front"];
    const own = podman.runContainer("parking_main", ["--network", "pharos", ...labels]);
    podman.runContainer("sidecar", ["--network", "container:parking_main"]);
    const host = podman.runContainer("onhost", ["--network", "host"]);
    const list = await runtime().list();
    const netns = expect.stringMatching(/^\/run\/netns\//);
    expect([...list].sort((a, b) => a.name.localeCompare(b.name))).toEqual([
      { id: host, pod: { namespace: "default", name: "onhost" }, name: "onhost", labels: {}, annotations: expect.any(Object) },
      {
        id: own,
        pod: { namespace: "default", name: "parking_main" },
        name: "parking_main",
        labels: { "io.pullpiri.annotations.scenario": "parking" },
        annotations: expect.objectContaining({ "pharos.io/bridge": "front" }),
        netns,
      },
      { id: own, pod: { namespace: "default", name: "sidecar" }, name: "sidecar", labels: {}, annotations: expect.any(Object), netns },
    ]);
    for (const name of ["sidecar", "parking_main", "onhost"]) podman.podman("rm", "--force", "--time", "0", name);
    expect(await runtime().list()).toEqual([]);
  });

  test("tells when containers come and go", async () => {
    const stop = new AbortController();
    let calls = 0;
    runtime().watch(() => calls++, stop.signal);
    try {
      await eventually(() => expect(calls).toBeGreaterThan(0));
      const before = calls;
      podman.runContainer("passing", ["--network", "none"]);
      await eventually(() => expect(calls).toBeGreaterThan(before));
      const between = calls;
      podman.podman("rm", "--force", "--time", "0", "passing");
      await eventually(() => expect(calls).toBeGreaterThan(between));
    } finally {
      stop.abort();
    }
  });

  test("a request attaches a running container that has no network", () => {
    podman.runContainer("bare", ["--network", "none", "--label", "io.pullpiri.annotations.scenario=parking"]);
    expect(answerRequest("parking", "back").status).toMatchObject({ phase: "Attached", addresses: ["10.89.2.10/24"] });
    expect(podman.podman("exec", "bare", "ping", "-c", "1", "-W", "2", "10.89.2.1")).toContain("1 packets received");
    podman.podman("rm", "--force", "--time", "0", "bare");
    expect(podman.host.links("pv")).toEqual([]);
  });

  test("a request moves a running container of Podman's network pharos to another bridge, and Podman still removes it", () => {
    podman.runContainer("moved", ["--network", "pharos"]);
    const addresses = () => podman.podman("exec", "moved", "ip", "-4", "addr", "show", "eth0");
    expect(addresses()).toContain("10.89.1.");
    expect(answerRequest("moved", "back").status).toMatchObject({ phase: "Attached" });
    expect(addresses()).toContain("10.89.2.");
    expect(answerRequest("moved", "back").status).toMatchObject({ phase: "Attached" });
    podman.podman("restart", "--time", "0", "moved");
    expect(addresses()).toContain("10.89.1.");
    podman.podman("rm", "--force", "--time", "0", "moved");
    expect(held().filter(({ pod }) => pod?.name === "moved")).toEqual([]);
    expect(podman.host.links("pv")).toEqual([]);
  });

  test("a container on the host's network has nothing to attach", () => {
    podman.runContainer("onhost", ["--network", "host"]);
    expect(answerRequest("onhost", "back").status).toMatchObject({ phase: "Attached", addresses: [] });
    podman.podman("rm", "--force", "--time", "0", "onhost");
  });
});
