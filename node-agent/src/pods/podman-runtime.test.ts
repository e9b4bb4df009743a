import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { netnsState } from "./netns-state.ts";
import { podmanRuntime } from "./podman-runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "pharos-podman-"));
let server: Server | undefined;
afterEach(() => {
  server?.close();
  rmSync(join(folder, "podman.sock"), { force: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runtime = () => podmanRuntime({ socket: join(folder, "podman.sock"), clock: systemClock, log: silentLog });

/** A service that answers paths by their beginning; what it has no answer for is 404. */
async function serve(answers: Readonly<Record<string, unknown>>): Promise<void> {
  server = createServer(({ url = "" }, response) => {
    const path = url.replace("/v4.0.0/libpod/", "");
    const found = Object.entries(answers).find(([start]) => path.startsWith(start));
    response.statusCode = found === undefined ? 404 : 200;
    response.end(JSON.stringify(found?.[1] ?? { message: "no such container" }));
  });
  await new Promise<void>((resolve) => server?.listen(join(folder, "podman.sock"), resolve));
}

const inspected = (Id: string, Name: string, NetworkMode: string, SandboxKey = "") => ({
  Id,
  Name,
  State: { Pid: 42, Running: true },
  Config: { Labels: null, Annotations: null },
  HostConfig: { NetworkMode },
  NetworkSettings: { SandboxKey },
});

test("a host without Podman has no containers", async () => {
  expect(await runtime().list()).toEqual([]);
});

test("a service that does not do as asked is an error with its answer", async () => {
  await serve({});
  await expect(runtime().list()).rejects.toThrow(/404 .*no such container/);
});

test("a pod is told by its containers, with the id of the one that has the network; one that just ended is left out", async () => {
  await serve({
    "containers/json": [
      { Id: "infra", PodName: "web", IsInfra: true },
      { Id: "main", PodName: "web" },
      { Id: "ended", PodName: "" },
    ],
    "containers/infra/": inspected("infra", "web-infra", "bridge", "/run/netns/n1"),
    "containers/main/": inspected("main", "web-main", "container:infra"),
  });
  const pod = { namespace: "default", name: "web" };
  expect(await runtime().list()).toEqual([{ id: "infra", pod, name: "web-main", labels: {}, annotations: {}, netns: "/run/netns/n1" }]);
});

test("without a file of Podman's the namespace is that of the process, whose end is told", async () => {
  await serve({ "containers/json": [{ Id: "a" }], "containers/a/": inspected("a", "bare", "none") });
  expect((await runtime().list()).map(({ netns }) => netns)).toEqual(["/proc/42/ns/net"]);
  expect(netnsState("/proc/4194305/ns/net")).toEqual({ kind: "gone" });
  expect(netnsState(`/proc/${process.pid}/ns/net`)).toEqual({ kind: "unknown" });
});
