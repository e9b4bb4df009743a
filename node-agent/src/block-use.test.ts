import { describe, expect, test } from "@jest/globals";
import type { LedgerEntry } from "@pharos/ledger";
import { blockUse } from "./block-use.ts";
import { revision } from "./test-host.ts";

function entry(containerID: string, address: string): LedgerEntry {
  const key = { network: "pharos", containerID, ifname: "eth0" };
  return { key, bridge: "podBr0", addresses: [address], hostName: `pv${containerID}`, mac: "02:00:00:00:00:01", bootId: "this-boot" };
}

describe("blockUse", () => {
  const running = revision(1, { bridges: ["podBr0", "podBr1"] });

  test("counts the addresses that pods hold in each block of this host", () => {
    const used = blockUse(running, "soc1", [entry("a", "10.2.0.5/24"), entry("b", "10.2.0.6/24"), entry("c", "10.9.9.9/24")]);
    expect(used.map((block) => `${block.bridge} ${block.subnet} ${block.used}`)).toEqual(["podBr0 10.2.0.0/24 2", "podBr1 10.2.1.0/24 0"]);
  });

  test("has no blocks for another host, nor before a revision runs", () => {
    expect(blockUse(running, "soc2", [])).toEqual([]);
    expect(blockUse(undefined, "soc1", [entry("a", "10.2.0.5/24")])).toEqual([]);
  });
});
