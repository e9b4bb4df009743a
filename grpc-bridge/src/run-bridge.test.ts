import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Log, type LogFields, silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import {
  EmergencyNetworkModeRequest,
  HealthClient,
  PharosNetworkManagerClient,
  PharosServiceClient,
  ServerReflectionClient,
  type ServerReflectionResponse,
  ServingStatus,
} from "@pharos/rpc";
import type { Store } from "@pharos/store";
import { openEmbeddedStore } from "@pharos/store/embedded";
import { type CallbackServer, type ReceivedCompletion, startCallbackServer } from "../../e2e/piccolo/callback-server.ts";
import { type PiccoloClient, piccoloClient } from "../../e2e/piccolo/client.ts";
import { bootVehicle, Mailbox, networkForPod } from "../../e2e/piccolo/scenarios.ts";
import type { BridgeOptions } from "./options.ts";
import { type RunningBridge, startBridge } from "./run-bridge.ts";
import { type FakeControlPlane, fakeControlPlane } from "./test-control-plane.ts";

const VEHICLE = `
apiVersion: v1
kind: node
metadata: { name: vehicle }
spec:
  name: vehicle001
  socs:
    - name: soc1
      interfaces: [{ name: eth0, type: static, address: 10.1.0.2/24 }]
      vms:
        - name: vm1
          interfaces: [{ name: eth0, type: static, address: 10.2.0.10/24, gateway: 10.2.0.1 }]
`;
const BRIDGE = `
apiVersion: v1
kind: bridge
metadata: { name: bridges }
spec:
  bridges:
    - name: vmBr0
      type: bridge
      bridgeFor: vm
      isGateway: true
      ipam: { type: host-local, ranges: [{ subnet: 10.2.0.0/24 }] }
    - name: podBr0
      type: bridge
      bridgeFor: pod
      ipMasq: true
      isGateway: true
      ipam: { type: host-local, ranges: [{ subnet: 10.2.1.0/24 }], routes: [{ dst: 0.0.0.0/0 }] }
`;
const POD = {
  podName: "perception-pod",
  networkYaml: "kind: bridge\nspec: { bridges: [{ name: podBr0 }] }\n",
  nodeYaml: "kind: Node\nspec: { hostname: vm1 }\n",
};

/** Documents of the test, joined to one stream. */
const stream = (...documents: readonly string[]): string => documents.join("\n---\n");

describe("bridge", () => {
  let dir = "";
  let store: Store;
  let stop: AbortController;
  let plane: FakeControlPlane;
  let piccolo: PiccoloClient;
  let callbacks: CallbackServer;
  let bridge: RunningBridge;
  let lines: { message: string; fields: LogFields }[];
  let received: ReceivedCompletion[];
  let mailbox: Mailbox;

  const log: Log = { ...silentLog, info: (message, fields = {}) => void lines.push({ message, fields }), child: () => log };

  async function start(more: Partial<BridgeOptions> = {}): Promise<void> {
    stop = new AbortController();
    bridge = await startBridge({
      store,
      listen: [{ address: "127.0.0.1:0" }, { unixSocket: join(dir, "run/pharos.sock") }],
      callbacks: [{ dialect: "spec", address: callbacks.address }],
      stateDir: join(dir, "state"),
      clock: systemClock,
      log,
      signal: stop.signal,
      connectedHosts: () => plane.awake,
      timing: { commitMs: 1500, noHostMs: 400, requestMs: 800, storeWaitMs: 200, callbackMs: 1000 },
      ...more,
    });
    piccolo = piccoloClient(bridge.addresses[0] ?? "");
  }

  async function end(): Promise<void> {
    piccolo.close();
    stop.abort();
    await bridge.finished;
  }

  let planeStop: AbortController;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "pharos-bridge-"));
    store = openEmbeddedStore({
      path: join(dir, "store.sqlite"),
      admit: admitObject,
      clock: systemClock,
      newId: randomUUID,
      log: silentLog,
    });
    planeStop = new AbortController();
    plane = fakeControlPlane(store, planeStop.signal);
    plane.awake.add("soc1").add("vm1");
    lines = [];
    received = [];
    mailbox = new Mailbox();
    callbacks = await startCallbackServer({
      address: "127.0.0.1:0",
      onCompletion: (completion) => {
        received.push(completion);
        mailbox.take(completion);
      },
    });
    await start();
  });
  afterEach(async () => {
    await end();
    planeStop.abort();
    await callbacks.stop();
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });

  const everything = async () =>
    JSON.stringify(
      await Promise.all(
        (["Node", "Bridge", "RoutingConfig", "SecurityConfig", "PodNetwork"] as const).map(async (kind) => (await store.list(kind)).items),
      ),
    );

  test("plays scenario 12.1: the vehicle boots, is configured, and is looked at", async () => {
    const { response, components } = await bootVehicle(piccolo, stream(VEHICLE, BRIDGE));
    expect(response).toEqual({ success: true, message: "revision 1 runs on soc1, vm1", validationIssues: expect.any(Array) });
    expect(components.map(({ type, name, status: state }) => `${type} ${name} ${state}`)).toEqual([
      "soc soc1 up",
      "vm vm1 up",
      "bridge podBr0 up",
      "bridge vmBr0 up",
    ]);
  });

  test("plays scenario 12.2: a pod's network is asked for and its completion arrives", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    plane.pods.add("perception-pod");
    const { response, completion } = await networkForPod(piccolo, mailbox, POD, 3000);
    expect(response).toEqual({
      requestId: expect.any(String),
      accepted: true,
      message: "perception-pod will be attached to podBr0 on vm1",
    });
    expect(completion).toEqual({ dialect: "spec", requestId: response.requestId, status: "OK", details: "10.2.1.5/24 on podBr0 at vm1" });
    const [component] = await piccolo.getNetworkStatus(`request:${response.requestId}`);
    expect(component).toMatchObject({ type: "request", status: "up", ipAddress: "10.2.1.5" });
  });

  test("gives each of two equal Pullpiri requests an id and a completion of its own", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    plane.pods.add("helloworld");
    const request = { podName: "helloworld", networkYaml: "apiVersion: v1\nkind: Network\nspec: { dummy: }\n", nodeYaml: "" };
    const [one, two] = await Promise.all([piccolo.requestNetworkPodAsPullpiri(request), piccolo.requestNetworkPodAsPullpiri(request)]);
    expect(one.requestId).not.toBe(two.requestId);
    const completions = await Promise.all([one, two].map(({ requestId }) => mailbox.wait(requestId, 3000)));
    expect(completions.map((completion) => completion?.status)).toEqual(["OK", "OK"]);
  });

  test("calls back in Pullpiri's dialect where that is configured", async () => {
    await end();
    await start({ callbacks: [{ dialect: "pullpiri", address: callbacks.address }] });
    const { requestId } = await piccolo.requestNetworkPod({ ...POD, networkYaml: "kind: [" });
    expect(await mailbox.wait(requestId, 3000)).toMatchObject({ dialect: "pullpiri", status: "ERROR" });
  });

  test("answers a request with bad YAML accepted=false and completes it with ERROR, without touching the store", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const before = await everything();
    for (const bad of [
      { networkYaml: "kind: [" },
      { networkYaml: "kind: Deployment" },
      { nodeYaml: "kind: Node\nspec: { hostname: hpc }" },
      { podName: "" },
      { networkYaml: `# ${"x".repeat(70_000)}` },
    ]) {
      const { response, completion } = await networkForPod(piccolo, mailbox, { ...POD, ...bad }, 3000);
      expect(response).toMatchObject({ accepted: false, message: expect.stringMatching(/./) });
      expect(completion).toMatchObject({ status: "ERROR", details: response.message });
    }
    expect(await everything()).toBe(before);
  });

  test("ends a request as TIMEOUT when its pod never runs, and closes it", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const { response, completion } = await networkForPod(piccolo, mailbox, POD, 3000);
    expect(completion).toMatchObject({ status: "TIMEOUT", details: "no network for perception-pod within 800 ms" });
    const object = await store.get({ kind: "PodNetwork", name: `request-${response.requestId}`, namespace: "default" });
    expect(object?.status?.phase).toBe("Failed");
  });

  test("completes a host-network request at once: there is nothing to attach", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const { completion } = await networkForPod(
      piccolo,
      mailbox,
      { ...POD, networkYaml: "kind: Network\nspec: { networkMode: host }" },
      3000,
    );
    expect(completion).toMatchObject({ status: "OK", details: expect.stringContaining("nothing to attach") });
  });

  test("does not lose a completion when bridge and Piccolo restart between request and completion", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    await callbacks.stop();
    const { requestId } = await piccolo.requestNetworkPod(POD);
    await end();
    plane.pods.add("perception-pod");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(received).toEqual([]);
    await end();
    callbacks = await startCallbackServer({ address: callbacks.address, onCompletion: (completion) => mailbox.take(completion) });
    await start();
    expect(await mailbox.wait(requestId, 5000)).toMatchObject({ requestId, status: "OK" });
  });

  test("answers success=false with host and reason when one host goes back, and puts the former documents back", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const before = (await store.get({ kind: "Bridge", name: "bridges" }))?.spec;
    plane.refusing.set("vm1", "nft refused the transaction");
    const applied = piccolo.applyConfiguration(BRIDGE.replace("10.2.1.0/24", "10.9.1.0/24"));
    expect(await applied).toEqual({
      success: false,
      configVersion: "",
      message: "vm1 went back from revision 2: nft refused the transaction; the former documents are back",
    });
    expect((await store.get({ kind: "Bridge", name: "bridges" }))?.spec).toEqual(before);
  });

  test("takes back documents that were new when no host can be reached", async () => {
    plane.awake.clear();
    const response = await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    expect(response).toMatchObject({
      success: false,
      message: "no host is reachable (soc1, vm1) for 400 ms; the former documents are back",
    });
    expect((await store.list("Node")).items).toEqual([]);
  });

  test("lists a sleeping host as pending and still succeeds", async () => {
    plane.awake.delete("vm1");
    const response = await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    expect(response).toMatchObject({ success: true, message: "revision 1 runs on soc1; not reachable, will follow: vm1" });
  });

  test("a host that is killed while a change waits for it becomes pending; one that is connected and stays silent fails the change", async () => {
    await end();
    const connected = new Set(["soc1", "vm1"]);
    await start({ connectedHosts: () => connected });
    plane.awake.delete("vm1");
    const silent = await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    expect(silent).toMatchObject({
      success: false,
      message: "not committed within 1500 ms: revision 1: vm1 has not reported; the former documents are back",
    });
    const answer = piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    await systemClock.sleep(300);
    connected.delete("vm1");
    expect(await answer).toMatchObject({
      success: true,
      message: expect.stringMatching(/^revision \d runs on soc1; not reachable, will follow: vm1$/),
    });
  });

  test("documents that were stored already stay when no host can be reached, and the answer names the hosts that will follow", async () => {
    const text = stream(VEHICLE, BRIDGE);
    expect(await piccolo.applyConfiguration(text)).toMatchObject({ success: true });
    plane.awake.clear();
    expect(await piccolo.applyConfiguration(text)).toEqual({
      success: false,
      configVersion: "",
      message: "no host is reachable (soc1, vm1) for 400 ms; the documents were in the store already, and stay",
    });
    expect((await store.list("Bridge")).items).toHaveLength(1);
  });

  test("ConfigureVehicleNetwork deletes what it does not name, ApplyConfiguration leaves it", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const applied = await piccolo.applyConfiguration(VEHICLE.replace("vehicle001", "vehicle002"));
    expect(applied).toMatchObject({ success: true, configVersion: `${await store.epoch()}/2` });
    expect((await store.list("Bridge")).items).toHaveLength(1);
    await piccolo.configureVehicleNetwork(VEHICLE);
    expect((await store.list("Bridge")).items).toHaveLength(0);
  });

  test("an equal configuration succeeds at once, with the revision that is there", async () => {
    const text = stream(VEHICLE, BRIDGE);
    const first = await piccolo.applyConfiguration(text);
    const second = await piccolo.applyConfiguration(text);
    expect(second).toEqual(first);
    expect(plane.revisions()).toBe(1);
  });

  test("dry_run, validate_only and ValidateConfiguration write nothing", async () => {
    const text = stream(VEHICLE, BRIDGE);
    expect(await piccolo.configureVehicleNetwork(text, true)).toMatchObject({ success: true });
    expect(await piccolo.applyConfiguration(text, true)).toMatchObject({ success: true, configVersion: "" });
    expect(await piccolo.validateConfiguration(text)).toMatchObject({ valid: true });
    expect((await store.list("Node")).items).toEqual([]);
  });

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
    .split("")
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[index]}`).join(",")}]`)
    .join("\n")}\n`;
  test.each([
    ["malformed YAML", "kind: [node"],
    ["nothing at all", ""],
    ["an unknown kind", "apiVersion: v1\nkind: spaceship\nmetadata: { name: x }\nspec: {}\n"],
    ["an unknown field", VEHICLE.replace("name: vehicle001", "name: vehicle001\n  colour: red")],
    ["a wrong type", VEHICLE.replace("name: vehicle001", "name: [1, 2]")],
    ["a vehicle with no SoC", "apiVersion: v1\nkind: node\nmetadata: { name: vehicle }\nspec: { name: v, socs: [] }\n"],
    ["an interface name that the kernel refuses", VEHICLE.replace("name: eth0", "name: an-interface-name-too-long")],
    ["a 20 MB document", `${VEHICLE}\n# ${"x".repeat(20 * 1024 * 1024)}`],
    ["an alias bomb", bomb],
  ])("refuses %s with issues and leaves store and revisions untouched", async (_name, text) => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    const before = await everything();
    const configured = await piccolo.configureVehicleNetwork(text);
    expect(configured.success).toBe(false);
    expect(configured.validationIssues.filter(({ severity }) => severity === "ERROR")).not.toEqual([]);
    const validated = await piccolo.validateConfiguration(text);
    expect(validated.valid).toBe(false);
    expect(validated.issues[0]).toMatchObject({
      severity: "ERROR",
      description: expect.stringMatching(/^PHAROS-\d+ ./),
      recommendation: expect.stringMatching(/./),
    });
    expect(await piccolo.applyConfiguration(text)).toMatchObject({
      success: false,
      configVersion: "",
      message: expect.stringMatching(/PHAROS-\d+/),
    });
    expect(await everything()).toBe(before);
    expect(plane.revisions()).toBe(1);
  });

  test("ConfigureVehicleNetwork without a Node refuses instead of deleting the vehicle", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    expect(await piccolo.configureVehicleNetwork(BRIDGE)).toMatchObject({
      success: false,
      message: expect.stringContaining("PHAROS-6003"),
    });
    expect((await store.list("Node")).items).toHaveLength(1);
  });

  test("audits every call that may change something, also a refused one", async () => {
    await piccolo.configureVehicleNetwork(stream(VEHICLE, BRIDGE));
    await piccolo.applyConfiguration("kind: [");
    await piccolo.getNetworkStatus();
    expect(
      lines
        .filter(({ message }) => message === "audit")
        .map(({ fields }) => ({ ...fields, peer: String(fields.peer).replace(/:\d+$/, "") })),
    ).toEqual([
      { rpc: "ConfigureVehicleNetwork", peer: "127.0.0.1", result: "committed", documents: "Node/vehicle Bridge/bridges" },
      { rpc: "ApplyConfiguration", peer: "127.0.0.1", result: "refused", documents: "" },
    ]);
  });

  test("serves the same over a unix socket, and takes over a socket file that a power cut left", async () => {
    await end();
    await start();
    const overSocket = piccoloClient(bridge.addresses[1] ?? "");
    expect(await overSocket.configureVehicleNetwork(stream(VEHICLE, BRIDGE))).toMatchObject({ success: true });
    overSocket.close();
  });

  test("opens its port before the store is there, answers UNAVAILABLE, and serves once it is open", async () => {
    await end();
    let open: (store: Store) => void = () => {};
    await start({
      store: new Promise<Store>((resolve) => {
        open = resolve;
      }),
    });
    const health = new HealthClient(bridge.addresses[0] ?? "", credentials.createInsecure());
    const check = () =>
      new Promise((resolve, reject) =>
        health.check({ service: "" }, (error, response) => (error === null ? resolve(response.status) : reject(error))),
      );
    expect(await check()).toBe(ServingStatus.NOT_SERVING);
    await expect(piccolo.getNetworkStatus()).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining("PHAROS-6002"),
    });
    const waiting = piccolo.getNetworkStatus();
    open(store);
    expect(await waiting).toEqual([]);
    expect(await check()).toBe(ServingStatus.SERVING);
    health.close();
  });

  test("answers an RPC that is not served yet UNIMPLEMENTED, naming it; SetupNetwork says why not", async () => {
    const address = bridge.addresses[0] ?? "";
    const pharos = new PharosServiceClient(address, credentials.createInsecure());
    const error = await new Promise((resolve) =>
      pharos.emergencyNetworkMode(EmergencyNetworkModeRequest.fromPartial({}), (failure) => resolve(failure)),
    );
    expect(error).toMatchObject({ code: status.UNIMPLEMENTED, details: expect.stringContaining("EmergencyNetworkMode") });
    pharos.close();
    const manager = new PharosNetworkManagerClient(address, credentials.createInsecure());
    const response = await new Promise((resolve) =>
      manager.setupNetwork({ networkName: "net0", networkMode: "bridge" }, (_failure, answer) => resolve(answer)),
    );
    expect(response).toMatchObject({ success: false, message: expect.stringContaining("net0") });
    manager.close();
  });

  test("reflects its services and their files, with all imports", async () => {
    const client = new ServerReflectionClient(bridge.addresses[0] ?? "", credentials.createInsecure());
    const call = client.serverReflectionInfo();
    const answers: ServerReflectionResponse[] = [];
    const done = new Promise<void>((resolve) =>
      call.on("data", (answer: ServerReflectionResponse) => answers.push(answer)).on("end", () => resolve()),
    );
    call.write({ host: "", listServices: "" });
    call.write({ host: "", fileContainingSymbol: "pharos.api.v1.PharosService.ApplyConfiguration" });
    call.write({ host: "", fileContainingSymbol: "pharos.api.v1.Nothing" });
    call.end();
    await done;
    client.close();
    expect(answers[0]?.listServicesResponse?.service.map(({ name }) => name)).toContain("pharos.api.v1.PharosNetworkServiceConnection");
    expect(answers[1]?.fileDescriptorResponse?.fileDescriptorProto).toHaveLength(6);
    expect(answers[2]?.errorResponse?.errorCode).toBe(status.NOT_FOUND);
  });
});

test("refuses to listen beyond loopback without a list of sources", async () => {
  const options = {
    store: new Promise<Store>(() => {}),
    stateDir: await mkdtemp(join(tmpdir(), "pharos-bridge-")),
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
  };
  await expect(startBridge({ ...options, listen: [{ address: "0.0.0.0:0" }] })).rejects.toMatchObject({ code: "PHAROS-6001" });
  await rm(options.stateDir, { recursive: true });
});
