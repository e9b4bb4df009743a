// In this tier because containerd is one of the programs that `make kube-assets` builds. Under kubelet it is in the cluster tier.
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Program, requireKubeAsset } from "@pharos/lab/kubernetes";
import { readLedger } from "@pharos/ledger";
import { writeImage } from "../../scripts/images/oci-image.ts";
import { testImages } from "../../scripts/images/test-images.ts";
import { builtPlugin, installPlugin } from "./built-plugin.ts";
import { ContainerHost, UPLINK } from "./container-host.ts";
import { eventually } from "./requests.ts";

const LEDGER = "/var/lib/pharos/ledger";
const OWN = ["/etc/cni/net.d", "/opt/cni/bin", "/var/lib/cni", "/var/lib/containerd", "/var/lib/pharos"];
const SOCKET = "/run/containerd/containerd.sock";
const IMAGE = "docker.io/pharos-test/busybox:1";
const range = { subnet: "10.90.1.0/24", block: "10.90.1.0/24", rangeStart: "10.90.1.10", rangeEnd: "10.90.1.99", gateway: "10.90.1.1" };
const data = {
  version: 1,
  defaultBridge: "cd0",
  bridges: [{ name: "cd0", isGateway: true, ipMasq: true, ranges: [{ ...range, exclude: [] }], routes: [{ dst: "0.0.0.0/0" }] }],
};

describe("containerd without Kubernetes", () => {
  let host: ContainerHost;
  const asset = (program: string) => requireKubeAsset(program, process.env);
  const ctr = (...args: string[]) => host.run([asset("ctr"), "--address", SOCKET, ...args]);
  const held = () => readLedger(host.ownFolder(LEDGER));

  beforeAll(async () => {
    host = ContainerHost.start({ name: "pru-cd", own: OWN });
    installPlugin(builtPlugin(), host.ownFolder("/opt/cni/bin/pharos-cni"));
    const list = { cniVersion: "1.0.0", name: "vehicle", plugins: [{ type: "pharos-cni", stateDir: LEDGER, pharos: data }] };
    host.run(["tee", "/etc/cni/net.d/05-pharos.conflist"], JSON.stringify(list));
    const image = testImages(process.env).find(({ name }) => name === "pharos-test/busybox:1");
    if (image === undefined) throw new Error("the image of busybox is not among the test images");
    await writeImage(image, join(host.folder, "busybox.tar"));
    const config =
      'version = 3\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"]\n';
    host.run(["tee", "/var/lib/containerd/config.toml"], config);
    const path = `PATH=${dirname(asset("containerd-shim-runc-v2"))}:/usr/sbin:/usr/bin:/sbin:/bin`;
    host.start("containerd", ["env", path, asset("containerd"), "--config", "/var/lib/containerd/config.toml"]);
    await eventually(() => ctr("version"));
    ctr("images", "import", join(host.folder, "busybox.tar"));
  }, 120_000);
  afterAll(() => host.stop());

  /** `ctr run` itself calls plugins, and has the network removed when the container ends. */
  function run(id: string): Program {
    const always = ["run", "--cni", "--cgroup", `${host.cgroup}/${id}`];
    return host.start(id, [asset("ctr"), "--address", SOCKET, ...always, IMAGE, id, "/bin/sleep", "1000000"]);
  }

  const inside = (id: string, ...command: string[]) => ctr("tasks", "exec", "--exec-id", `x${performance.now()}`, id, ...command);

  test("two containers get addresses and reach each other and the world; their end leaves nothing", async () => {
    const programs = ["one", "two"].map(run);
    await eventually(() => expect(held().length).toBe(2));
    const [one = "", two = ""] = held().map(({ addresses }) => addresses[0]?.split("/")[0] ?? "");
    expect([one, two].every((address) => address.startsWith("10.90.1."))).toBe(true);
    await eventually(() => expect(inside("one", "/bin/ip", "route")).toContain("default via 10.90.1.1"));
    for (const id of ["one", "two"]) {
      for (const address of [one, two, UPLINK.outside]) {
        expect(inside(id, "/bin/ping", "-c", "1", "-W", "2", address)).toContain("1 packets received");
      }
    }
    for (const id of ["one", "two"]) ctr("tasks", "kill", "--signal", "SIGKILL", id);
    await eventually(() => expect(programs.some((program) => program.isRunning())).toBe(false));
    expect(held()).toEqual([]);
    expect(host.links("pv")).toEqual([]);
  });
});
