import { describe, expect, test } from "@jest/globals";
import type { HostReport } from "@pharos/kinds";
import { goneHosts } from "./gone-hosts.ts";

const report = (host: string, node?: string): HostReport => ({
  apiVersion: "pharos.io/v1",
  kind: "HostReport",
  metadata: { name: host, ...(node === undefined ? {} : { annotations: { "pharos.io/node": node } }) },
  spec: { host },
});
const nodes = new Map([
  ["n1", "soc1"],
  ["n2", "n2"],
]);
const gone = (reports: readonly HostReport[], connected: readonly string[] = [], known = nodes) =>
  goneHosts(reports, known, new Set(connected)).map(({ metadata }) => metadata.name);

describe("a host is gone", () => {
  test("when its node is, and no other node is that host", () => {
    expect(gone([report("soc1", "n1"), report("n2", "n2"), report("soc3", "n3")])).toEqual(["soc3"]);
    expect(gone([report("soc1", "n9")])).toEqual([]);
  });

  test("not while its agent can be reached, nor when it never was a node", () => {
    expect(gone([report("soc3", "n3")], ["soc3"])).toEqual([]);
    expect(gone([report("vm7")])).toEqual([]);
  });

  test("not when its node, which exists, was given another name by the agent's own setting", () => {
    expect(gone([report("by-hand", "n1")])).toEqual([]);
  });

  test("not while the platform shows no node at all", () => {
    expect(gone([report("soc1", "n1")], [], new Map())).toEqual([]);
  });
});
