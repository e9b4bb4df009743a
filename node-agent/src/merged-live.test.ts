import { describe, expect, test } from "@jest/globals";
import type { PodNetwork } from "@pharos/kinds";
import { mergedLive, withOwnPods } from "./merged-live.ts";
import { NO_LIVE } from "./snapshot.ts";

const parts = { nodes: [], apiServers: [], dns: ["10.96.0.10"], dnsEndpoints: [], kubeletPort: 10250 };

describe("live data", () => {
  test("is what the disk said where nothing was seen yet", () => {
    expect(mergedLive(NO_LIVE, {})).toBe(NO_LIVE);
    expect(mergedLive(NO_LIVE, { cluster: { dns: ["10.96.0.10"] } })).toBe(NO_LIVE);
  });

  test("is another object only after a change, so that it is written only then", () => {
    const known = mergedLive(NO_LIVE, { cluster: parts });
    expect(known.cluster).toEqual(parts);
    expect(mergedLive(known, { cluster: { ...parts }, podNetworks: known.podNetworks })).toBe(known);
    expect(mergedLive(known, { cluster: { dns: [] } }).cluster?.dns).toEqual([]);
    expect(mergedLive(known, { cluster: { ...parts }, podNetworks: [] }).cluster).toBe(known.cluster);
  });

  test("has this host's pods out of its own ledger, whatever the store shows of them", () => {
    const pod = (name: string, host: string): PodNetwork => ({
      apiVersion: "pharos.io/v1",
      kind: "PodNetwork",
      metadata: { name, namespace: "default" },
      spec: { host, bridge: "podBr0" },
    });
    const live = { ...NO_LIVE, podNetworks: [pod("gone", "soc1"), pod("far", "soc2")] };
    const all = withOwnPods(live, "soc1", [pod("new", "soc1")]);
    expect(all.podNetworks.map(({ metadata }) => metadata.name)).toEqual(["far", "new"]);
  });
});
