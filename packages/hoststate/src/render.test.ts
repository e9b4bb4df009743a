import { describe, expect, test } from "@jest/globals";
import { HOSTSTATE_CODES } from "./codes.ts";
import { applyPlan } from "./effects.ts";
import { isInterfaceName } from "./interface-name.ts";
import { renderPlan, renderState } from "./render.ts";
import type { HostState } from "./section.ts";
import { EMPTY_STATE, scopeOf } from "./state.ts";

const STATE: HostState = {
  firewall: [],
  links: [
    { kind: "veth", name: "v0", peer: "v1", master: "br0" },
    { kind: "bridge", name: "br0", callIptables: true, multicastSnooping: false, mtu: 1500 },
    { kind: "vxlan", name: "vx", vni: 42, local: "10.0.0.1", port: 4789, learning: true },
  ],
  sysctls: [{ path: "net/ipv4/ip_forward", value: "1" }],
  addresses: [{ link: "br0", address: "10.1.0.1/24" }],
  policyRules: [{ family: "ipv4", priority: 20000, from: "10.0.0.0/8", mark: 1, mask: 0xffffffff, table: 100 }],
  routes: [{ destination: "10.2.0.0/16", table: 254, metric: 5, type: "unicast", gateway: "10.1.0.254" }],
  files: [{ path: "/etc/a", mode: 0o600, content: "one\ntwo\n" }],
};

describe("render", () => {
  test("a state is a heading per section and a line per item", () => {
    expect(renderState(STATE)).toBe(`links
  bridge br0 call-iptables on multicast-snooping off mtu 1500
  veth v0 peer v1 master br0
  vxlan vx vni 42 local 10.0.0.1 port 4789 learning on
sysctls
  net/ipv4/ip_forward = 1
addresses
  10.1.0.1/24 on br0
policyRules
  ipv4 20000 from 10.0.0.0/8 mark 0x1 lookup 100
routes
  10.2.0.0/16 via 10.1.0.254 metric 5
files
  /etc/a mode 0600
    one
    two
`);
    expect(renderState(EMPTY_STATE)).toBe("nothing\n");
  });

  test("a firewall transaction is indented below its line", () => {
    expect(renderPlan([{ kind: "firewall.apply", transaction: "add table inet pharos\nadd chain inet pharos x\n" }])).toBe(
      "firewall apply\n  add table inet pharos\n  add chain inet pharos x\n",
    );
  });

  test("the scope of states is the keys of all their items", () => {
    const scope = scopeOf(STATE, { ...EMPTY_STATE, links: [{ kind: "dummy", name: "d0" }] });
    expect([...scope.links]).toEqual(["v0", "br0", "vx", "d0"]);
    expect([...scope.routes]).toEqual(["10.2.0.0/16 table 254 metric 5"]);
  });

  test("a model without a firewall refuses a firewall step", () => {
    expect(() => applyPlan(EMPTY_STATE, [{ kind: "firewall.apply", transaction: "" }])).toThrow(
      expect.objectContaining({ code: HOSTSTATE_CODES.firewallEffectMissing.code }),
    );
  });

  test.each(["eth0", "vm1Eth0", "a", "eth0.100", "abcdefghijklmno"])("%j is an interface name", (name) =>
    expect(isInterfaceName(name)).toBe(true),
  );
  test.each(["", "abcdefghijklmnop", "a b", "a/b", ".", "..", "-a", "eth0:1", "all", "default", "ü", "a\n"])(
    "%j is no interface name",
    (name) => expect(isInterfaceName(name)).toBe(false),
  );
});
