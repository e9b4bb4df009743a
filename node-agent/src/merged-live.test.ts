import { describe, expect, test } from "@jest/globals";
import { mergedLive } from "./merged-live.ts";
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
  });
});
