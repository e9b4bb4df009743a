import { describe, expect, test } from "@jest/globals";
import type { PodNetwork } from "@pharos/kinds";
import { isAttachment, leanPods } from "./lean-pods.ts";

const attached: PodNetwork = {
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: "c1-eth0", namespace: "default", resourceVersion: "7", uid: "u", labels: { a: "b" } },
  spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name: "web" }, containerID: "c1", ifname: "eth0" },
  status: { phase: "Attached", addresses: ["10.2.0.2/24"], mac: "02:00:00:00:00:01", netns: "/run/netns/x" },
};

describe("of a PodNetwork a host keeps", () => {
  test("whose pod has which address, where it is another host's", () => {
    const lean = leanPods("soc1")(attached);
    const whole = {
      apiVersion: "pharos.io/v1",
      kind: "PodNetwork",
      metadata: { name: "c1-eth0", namespace: "default", resourceVersion: "7" },
      spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name: "web" } },
      status: { phase: "Attached", addresses: ["10.2.0.2/24"] },
    };
    const { apiVersion, kind, metadata, spec, status } = lean;
    expect({ apiVersion, kind, metadata, spec, status }).toEqual(whole);
    expect(JSON.parse(JSON.stringify(lean))).toEqual(whole);
    expect(leanPods("soc1")(lean)).toBe(lean);
  });

  test("each its own, however many there are, and addresses of both families or none", () => {
    const lean = leanPods("soc1");
    const pods = Array.from({ length: 3000 }, (_, index) => ({
      ...attached,
      metadata: { ...attached.metadata, name: `c${index}-eth0`, namespace: `n${index}` },
      status: {
        ...attached.status,
        phase: "Attached" as const,
        addresses: Array.from({ length: index % 3 }, (_each, at) => `10.2.${index % 256}.${at}/24`),
      },
    }));
    const kept = pods.map(lean);
    expect(kept.map(({ metadata }) => metadata.namespace)).toEqual(pods.map(({ metadata }) => metadata.namespace));
    expect(kept.map(({ status }) => status?.addresses)).toEqual(pods.map(({ status }) => status.addresses));
  });

  test("which are attachments is told of lean ones and whole ones", () => {
    const asked: PodNetwork = { ...attached, spec: { request: { id: "r1", podName: "web", requestedAt: "2026-01-01T00:00:00Z" } } };
    expect([attached, leanPods("soc1")(attached), asked].map(isAttachment)).toEqual([true, true, false]);
  });

  test("all, where it is its own", () => {
    expect(leanPods("vm1")(attached)).toBe(attached);
  });

  test("all of a request, which any host may have to answer", () => {
    const request = { id: "r1", podName: "web", requestedAt: "2026-01-01T00:00:00Z" };
    const asked: PodNetwork = { ...attached, spec: { host: "vm1", request } };
    expect(leanPods("soc1")(asked)).toBe(asked);
  });
});
