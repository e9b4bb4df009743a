import { describe, expect, test } from "@jest/globals";
import type { LedgerEntry } from "@pharos/ledger";
import { podNetworkOf, publishActions } from "./published-pods.ts";

const entry: LedgerEntry = {
  key: { network: "pharos", containerID: "ABC_1", ifname: "eth0" },
  bridge: "podBr0",
  addresses: ["10.2.1.5/24"],
  hostName: "pv0123456789ab",
  mac: "02:00:00:00:00:01",
  bootId: "boot",
  pod: { namespace: "default", name: "perception-pod" },
};
const none = () => undefined;

describe("publishActions", () => {
  test("creates what the store does not show, and nothing twice", () => {
    const [action] = publishActions([entry], [], "vm1", none);
    expect(action).toMatchObject({
      kind: "create",
      object: { metadata: { name: "abc-1-eth0", namespace: "default" }, spec: { host: "vm1" } },
    });
    expect(publishActions([entry], [podNetworkOf(entry, "vm1", undefined)], "vm1", none)).toEqual([]);
  });

  test("shows another address, and deletes what the ledger no longer holds", () => {
    const published = podNetworkOf(entry, "vm1", undefined);
    expect(publishActions([{ ...entry, addresses: ["10.2.1.9/24"] }], [published], "vm1", none)[0]?.kind).toBe("status");
    expect(publishActions([], [published], "vm1", none)).toEqual([{ kind: "delete", name: "abc-1-eth0", namespace: "default" }]);
  });

  test("leaves requests and other hosts' attachments alone", () => {
    const other = podNetworkOf(entry, "vm2", undefined);
    const request = {
      ...other,
      metadata: { name: "request-1" },
      spec: { host: "vm1", request: { id: "1", podName: "x", requestedAt: "2026-01-01T00:00:00Z" } },
    };
    expect(publishActions([], [other, request], "vm1", none)).toEqual([]);
  });
});
