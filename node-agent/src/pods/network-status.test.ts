import { describe, expect, test } from "@jest/globals";
import { PharosError, silentLog, systemClock } from "@pharos/base";
import type { LedgerEntry } from "@pharos/ledger";
import { STORE_DENIED, STORE_NOT_FOUND } from "@pharos/store";
import { networkStatuses } from "./network-status.ts";
import { NetworkStatusTeller } from "./network-status-teller.ts";

const entry = (ifname: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  key: { network: "pharos", containerID: "c1", ifname },
  bridge: "podBr0",
  addresses: ["10.2.0.2/24", "fd02::2/64"],
  hostName: `pv-${ifname}`,
  mac: "02:00:00:00:00:01",
  bootId: "b",
  pod: { namespace: "default", name: "web" },
  ...more,
});
const net1 = entry("net1", { bridge: "net0", addresses: ["10.3.0.2/24"], mac: "02:00:00:00:00:02", primary: "eth0" });

describe("the network status of a pod", () => {
  test("lists its interfaces in the form that users of Multus read, the default one first", () => {
    expect(networkStatuses([net1, entry("eth0")]).map(({ text }) => text)).toEqual([
      `[
    {
        "name": "podBr0",
        "interface": "eth0",
        "ips": [
            "10.2.0.2",
            "fd02::2"
        ],
        "mac": "02:00:00:00:00:01",
        "default": true,
        "dns": {}
    },
    {
        "name": "net0",
        "interface": "net1",
        "ips": [
            "10.3.0.2"
        ],
        "mac": "02:00:00:00:00:02",
        "dns": {}
    }
]`,
    ]);
  });

  test("is that of the pod's last container, and none where nobody knows the pod", () => {
    const { pod: _, ...nameless } = entry("eth0", { key: { network: "pharos", containerID: "c9", ifname: "eth0" } });
    const later = entry("eth0", { key: { network: "pharos", containerID: "c2", ifname: "eth0" }, mac: "02:00:00:00:00:99" });
    const statuses = networkStatuses([entry("eth0"), net1, later, nameless]);
    expect(statuses).toMatchObject([{ pod: { namespace: "default", name: "web" }, interfaces: 1 }]);
    expect(statuses[0]?.text).toContain("02:00:00:00:00:99");
  });
});

describe("NetworkStatusTeller", () => {
  function teller(error?: Error) {
    const told: string[] = [];
    const annotate = async ({ name }: { readonly name: string }, annotations: Readonly<Record<string, string>>) => {
      const text = annotations["k8s.v1.cni.cncf.io/network-status"] ?? "[]";
      told.push(`${name} ${(JSON.parse(text) as { interface: string }[]).map((item) => item.interface).join(" ")}`);
      if (error !== undefined) throw error;
    };
    return { told, one: new NetworkStatusTeller({ annotate, clock: systemClock, log: silentLog }) };
  }

  test("tells of pods with several interfaces, once, and when one goes", async () => {
    const { told, one } = teller();
    await one.tell([entry("eth0")]);
    expect(told).toEqual([]);
    for (let turn = 0; turn < 3; turn++) await one.tell([entry("eth0"), net1]);
    await one.tell([entry("eth0")]);
    expect(told).toEqual(["web eth0 net1", "web eth0"]);
  });

  test("pauses after a refusal, and takes a pod that is gone for told", async () => {
    const refused = teller(new PharosError(STORE_DENIED, "no right"));
    for (let turn = 0; turn < 3; turn++) await refused.one.tell([entry("eth0"), net1]);
    expect(refused.told).toHaveLength(1);
    const gone = teller(new PharosError(STORE_NOT_FOUND, "gone"));
    for (let turn = 0; turn < 3; turn++) await gone.one.tell([entry("eth0"), net1]);
    expect(gone.told).toHaveLength(1);
  });
});
