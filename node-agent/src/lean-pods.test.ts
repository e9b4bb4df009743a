import { describe, expect, test } from "@jest/globals";
import type { PodNetwork } from "@pharos/kinds";
import { leanPod } from "./lean-pods.ts";

const attached: PodNetwork = {
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: "c1-eth0", namespace: "default", resourceVersion: "7", uid: "u", labels: { a: "b" } },
  spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name: "web" }, containerID: "c1", ifname: "eth0" },
  status: { phase: "Attached", addresses: ["10.2.0.2/24"], mac: "02:00:00:00:00:01", netns: "/run/netns/x" },
};

describe("of a PodNetwork a host keeps", () => {
  test("whose pod has which address, where it is another host's", () => {
    expect(leanPod(attached, "soc1")).toEqual({
      apiVersion: "pharos.io/v1",
      kind: "PodNetwork",
      metadata: { name: "c1-eth0", namespace: "default", resourceVersion: "7" },
      spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name: "web" } },
      status: { phase: "Attached", addresses: ["10.2.0.2/24"] },
    });
  });

  test("all, where it is its own", () => {
    expect(leanPod(attached, "vm1")).toBe(attached);
  });

  test("all of a request, which any host may have to answer", () => {
    const request = { id: "r1", podName: "web", requestedAt: "2026-01-01T00:00:00Z" };
    const asked: PodNetwork = { ...attached, spec: { host: "vm1", request } };
    expect(leanPod(asked, "soc1")).toBe(asked);
  });
});
