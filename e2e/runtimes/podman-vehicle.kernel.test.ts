// A board of a vehicle with Podman and without Kubernetes, whole: control plane, agent, documents, containers, and Piccolo's requests.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import { type PiccoloClient, piccoloClient } from "../piccolo/client.ts";
import { builtPlugin } from "./built-plugin.ts";
import { UPLINK } from "./container-host.ts";
import { PLUGIN_FOLDER, PodmanHost } from "./podman-host.ts";
import { eventually } from "./requests.ts";

const MAIN = resolve(import.meta.dirname, "../../pharos/src/main.ts");
/** In a folder that the test sees too. */
const API = "/var/lib/pharos/pharos.sock";
const DATA_FILE = "/var/lib/pharos/cni.json";
const LEDGER = "/var/lib/pharos/ledger";
const VEHICLE = `
apiVersion: v1
kind: node
metadata: { name: vehicle }
spec:
  name: vehicle001
  defaultAction: ACCEPT
  socs:
    - name: board1
      interfaces:
        - { name: up0, type: static, address: ${UPLINK.host}/${UPLINK.length} }
---
apiVersion: v1
kind: bridge
metadata: { name: pods }
spec:
  bridges:
    - name: front
      type: bridge
      bridgeFor: pod
      hosts: [board1]
      default: true
      isGateway: true
      ipMasq: true
      ipam: { type: host-local, ranges: [{ subnet: 10.91.1.0/24, gateway: 10.91.1.1 }], routes: [{ dst: 0.0.0.0/0 }] }
`;

describe("a board with Podman", () => {
  let podman: PodmanHost;
  let piccolo: PiccoloClient;

  beforeAll(async () => {
    const network = ['network_backend = "cni"', `cni_plugin_dirs = ["${PLUGIN_FOLDER}"]`, 'default_network = "pharos"'];
    podman = PodmanHost.start({ name: "pru-pv", plugin: builtPlugin(), network });
    const plugin = { type: "pharos-cni", capabilities: { portMappings: true, ips: true, mac: true } };
    podman.write("/etc/cni/net.d/05-pharos.conflist", [JSON.stringify({ cniVersion: "1.0.0", name: "pharos", plugins: [plugin] })]);
    podman.host.run(["mkdir", "-p", "/run/podman"]);
    podman.host.start("podman", ["podman", "system", "service", "--time=0", "unix:///run/podman/podman.sock"]);
    podman.host.start("standalone", [process.execPath, MAIN, "standalone", "--data-dir", "/var/lib/pharos/control", "--socket", API]);
    const agent = ["--host", "board1", "--store", `unix:${API}`, "--plugin", `${PLUGIN_FOLDER}/pharos-cni`];
    await eventually(() => expect(existsSync(podman.host.ownFolder(API))).toBe(true), 60_000);
    podman.host.start("agent", [process.execPath, MAIN, "agent", ...agent]);
    piccolo = piccoloClient(`unix:${podman.host.ownFolder(API)}`);
    expect(await piccolo.configureVehicleNetwork(VEHICLE)).toMatchObject({ success: true });
    await eventually(() => expect(existsSync(podman.host.ownFolder(DATA_FILE))).toBe(true), 60_000);
  }, 180_000);
  afterAll(async () => {
    piccolo?.close();
    await podman?.stop();
  });

  const held = () => readLedger(podman.host.ownFolder(LEDGER));
  const address = (name: string) => podman.podman("exec", name, "ip", "-4", "addr", "show", "eth0");

  /** Asks for a pod's network as Piccolo does, and waits until the request counts as done. */
  async function request(podName: string): Promise<void> {
    const { requestId, accepted, message } = await piccolo.requestNetworkPod({ nodeYaml: "", podName, networkYaml: "" });
    expect([accepted, message]).toEqual([true, expect.any(String)]);
    const status = async () => (await piccolo.getNetworkStatus(`request:${requestId}`))[0];
    const end = performance.now() + 30_000;
    while ((await status())?.status !== "up") {
      if (performance.now() > end) throw new Error(`the request for ${podName}: ${JSON.stringify(await status())}`);
      await new Promise((wait) => setTimeout(wait, 100));
    }
  }

  test("containers get addresses of the documents' bridge and reach the world", () => {
    podman.runContainer("web", ["--publish", "18080:80"]);
    expect(address("web")).toContain("inet 10.91.1.");
    expect(podman.podman("exec", "web", "ping", "-c", "1", "-W", "2", UPLINK.outside)).toContain("1 packets received");
    podman.podman("rm", "--force", "--time", "0", "web");
    expect(held()).toEqual([]);
  });

  test("Piccolo's request for a scenario attaches its container, which was started without a network", async () => {
    podman.runContainer("parking_main", ["--network", "none", "--label", "io.pullpiri.annotations.scenario=parking"]);
    await request("parking");
    expect(address("parking_main")).toContain("inet 10.91.1.");
    expect(podman.podman("exec", "parking_main", "ping", "-c", "1", "-W", "2", UPLINK.outside)).toContain("1 packets received");
    // Podman attaches it at no start: the agent does.
    const before = /inet \S+/.exec(address("parking_main"))?.[0];
    podman.podman("restart", "--time", "0", "parking_main");
    await eventually(() => expect(address("parking_main")).toContain(before), 30_000);
    podman.podman("rm", "--force", "--time", "0", "parking_main");
    // Podman does not know of this attachment: the agent reclaims it when the container is gone.
    await eventually(() => expect(held()).toEqual([]), 60_000);
  });
});
