import { describe, expect, test } from "@jest/globals";
import { findingLines } from "../../testing/finding-lines.ts";
import { merge } from "./merge.ts";

const claim = (feature: string, value: string) => ({ feature, contribution: { sysctls: [{ path: "net/ipv4/ip_forward", value }] } });

describe("merge", () => {
  test("takes equal claims of two features as one", () => {
    const { value, findings } = merge([claim("routes", "1"), claim("bridge", "1")]);
    expect(value.sysctls).toEqual([{ path: "net/ipv4/ip_forward", value: "1" }]);
    expect(findings).toEqual([]);
  });

  test("tells both features of unequal claims, and does not depend on their order", () => {
    const claims = [claim("routes", "1"), claim("bridge", "0")];
    const merged = merge(claims);
    expect(findingLines(merged.findings)).toEqual([
      "ERROR PHAROS-1161 sysctls[net/ipv4/ip_forward]: the features bridge and routes want different things of sysctls net/ipv4/ip_forward",
    ]);
    expect(merge([...claims].reverse())).toEqual(merged);
  });

  test("sorts the items of each section by key", () => {
    const routes = ["10.2.0.0/24", "10.1.0.0/24"].map((destination) => ({ destination, table: 254, metric: 0, type: "unicast" as const }));
    const { value } = merge([{ feature: "routes", contribution: { routes } }]);
    expect(value.routes.map((route) => route.destination)).toEqual(["10.1.0.0/24", "10.2.0.0/24"]);
  });
});
