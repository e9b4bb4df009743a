import { expect, test } from "@jest/globals";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const V4 = rangeOf("10.9.0.0/24", "9");
const hostWith = testHosts(
  "pll",
  networkOf(bridgeOf("podBr0", [V4]), bridgeOf("podBr1", [{ ...rangeOf("10.8.0.0/24", "9") }, rangeOf("fd08::/64", "9")])),
);
const BANDWIDTH = { ingressRate: 8e6, ingressBurst: 8e5, egressRate: 8e6, egressBurst: 8e5 };

interface ListedLink {
  readonly ifname: string;
  readonly operstate: string;
  readonly addr_info: readonly { readonly family: string; readonly scope: string }[];
}

/** Names of the links that are up and have a link-local IPv6 address. */
function linkLocal(json: string): readonly string[] {
  const links: ListedLink[] = JSON.parse(json);
  return links
    .filter(({ addr_info }) => addr_info.some(({ family, scope }) => family === "inet6" && scope === "link"))
    .map(({ ifname }) => ifname);
}

test("links of a pod have link-local addresses in the pod alone, and only where it has an IPv6 address", async () => {
  const host = hostWith("four", "both");
  const config = (bridge: string) => ({
    runtimeConfig: { bandwidth: BANDWIDTH, "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": bridge } },
  });
  expect((await host.call({ verb: "ADD", pod: "four", config: config("podBr0") })).code).toBe(0);
  expect((await host.call({ verb: "ADD", pod: "both", config: config("podBr1") })).code).toBe(0);
  const names = (pod: string) => linkLocal(host.ip(pod, "-j", "addr", "show"));
  expect([names("four"), names("both")]).toEqual([[], ["eth0"]]);
  expect(names("host").filter((name) => /^p[vi]/.test(name))).toEqual([]);
});
