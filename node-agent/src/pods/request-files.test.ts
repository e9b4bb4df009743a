import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { PodNetwork } from "@pharos/kinds";
import { pendingBridges } from "./pending-bridges.ts";
import { RequestFiles } from "./request-files.ts";

const request = (podName: string, bridge: string | undefined, requestedAt: string): PodNetwork => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: `request-${requestedAt}`, namespace: "default" },
  spec: { ...(bridge === undefined ? {} : { bridge }), request: { id: requestedAt, podName, requestedAt } },
});

describe("pendingBridges", () => {
  test("tells the last wish for each pod, and none that names no bridge", () => {
    const wishes = [request("web", "b2", "2"), request("web", "b1", "1"), request("lab/db", "b1", "1"), request("x", undefined, "1")];
    expect(pendingBridges(wishes).map(({ namespace, name, bridge }) => `${namespace}/${name} ${bridge}`)).toEqual([
      "default/web b2",
      "lab/db b1",
    ]);
  });

  test.each(["../x", "a/../../x", "a/b/c", "..", "default/.hidden", "", "a/"])("takes %j for no pod's name", (podName) => {
    expect(pendingBridges([request(podName, "b1", "1")])).toEqual([]);
  });
});

describe("RequestFiles", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-requests-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const requests = () => join(folder, "requests");
  const held = () => (readdirSync(requests(), { recursive: true }) as string[]).sort();
  const web = { namespace: "default", name: "web", bridge: "net0" };

  test("holds what is pending where the plugin looks, and no more of it afterwards", async () => {
    const files = new RequestFiles(requests());
    await files.keep([]);
    await files.keep([web, { namespace: "lab", name: "db", bridge: "net1" }]);
    expect(held()).toEqual(["default", "default/web.json", "lab", "lab/db.json"]);
    expect(JSON.parse(readFileSync(join(requests(), "default/web.json"), "utf8"))).toEqual({ version: 1, bridge: "net0" });
    await files.keep([{ ...web, bridge: "net2" }]);
    expect(held()).toEqual(["default", "default/web.json"]);
    expect(readFileSync(join(requests(), "default/web.json"), "utf8")).toContain("net2");
  });

  test("goes on with what an earlier agent left", async () => {
    await new RequestFiles(requests()).keep([web]);
    const next = new RequestFiles(requests());
    await next.keep([web]);
    expect(held()).toContain("default/web.json");
    await next.keep([]);
    expect(held()).toEqual([]);
  });
});
