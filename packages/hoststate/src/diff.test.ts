import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hostStates } from "./arbitrary.ts";
import { diff, isEmpty } from "./diff.ts";
import { applyPlan } from "./effects.ts";
import { planOf } from "./plan.ts";
import { renderPlan } from "./render.ts";
import type { HostState } from "./section.ts";
import { EMPTY_STATE, normalize } from "./state.ts";

function planText(observed: Partial<HostState>, desired: Partial<HostState>): string {
  return renderPlan(planOf(diff({ ...EMPTY_STATE, ...observed }, { ...EMPTY_STATE, ...desired })));
}

const bridge = { kind: "bridge", name: "br0", callIptables: true, multicastSnooping: true } as const;
const dummy = { kind: "dummy", name: "br0" } as const;
const route = { destination: "192.168.8.0/24", table: 254, metric: 0, type: "unicast", link: "br0", scope: "link" } as const;

describe("diff", () => {
  test("a state differs not from itself", () => {
    fc.assert(fc.property(hostStates(), (state) => expect(isEmpty(diff(state, state))).toBe(true)));
  });

  test("its plan leads from any state to any other", () => {
    fc.assert(
      fc.property(hostStates(), hostStates(), (a, b) => {
        const after = applyPlan(a, planOf(diff(a, b)));
        expect(renderPlan(planOf(diff(after, b)))).toBe("nothing to do\n");
      }),
      { numRuns: 300 },
    );
  });

  test("the plan does not depend on the order of items", () => {
    const reversed = (state: HostState): HostState => ({
      ...state,
      links: state.links.toReversed(),
      addresses: state.addresses.toReversed(),
      routes: state.routes.toReversed(),
      sysctls: state.sysctls.toReversed(),
    });
    fc.assert(
      fc.property(hostStates(), hostStates(), (a, b) =>
        expect(planOf(diff(reversed(a), reversed(b)))).toEqual(planOf(diff(normalize(a), normalize(b)))),
      ),
    );
  });

  test("deletes a link before it makes one of another kind, and then restores what was on it", () => {
    const rest = { addresses: [{ link: "br0", address: "10.1.0.1/24" }], routes: [route] };
    expect(planText({ links: [bridge], ...rest }, { links: [dummy], ...rest })).toBe(
      [
        "link delete bridge br0",
        "link create dummy br0",
        "address add 10.1.0.1/24 on br0",
        "route replace 192.168.8.0/24 on br0 scope link",
        "",
      ].join("\n"),
    );
  });

  test("adds the new address before it deletes the old one", () => {
    const at = (address: string): Partial<HostState> => ({ links: [bridge], addresses: [{ link: "br0", address }], routes: [route] });
    expect(planText(at("10.1.0.1/24"), at("10.1.0.9/24"))).toBe("address add 10.1.0.9/24 on br0\naddress delete 10.1.0.1/24 on br0\n");
  });

  test("restores a route that the link's last IPv4 address takes along", () => {
    expect(
      planText(
        { links: [bridge], addresses: [{ link: "br0", address: "10.1.0.1/24" }], routes: [route] },
        { links: [bridge], routes: [route] },
      ),
    ).toBe("address delete 10.1.0.1/24 on br0\nroute replace 192.168.8.0/24 on br0 scope link\n");
  });

  test("sets only the links that differ", () => {
    const other = { kind: "dummy", name: "d0" } as const;
    expect(planText({ links: [bridge, other] }, { links: [bridge, { ...other, mtu: 1400, master: "br0" }] })).toBe(
      "link set dummy d0 master br0 mtu 1400 (was dummy d0)\n",
    );
  });

  test("leaves a foreign link that is looked at but not wanted as it is, also when it is down", () => {
    expect(planText({ links: [{ kind: "physical", name: "theirs0", down: true }] }, {})).toBe("nothing to do\n");
  });

  test("never deletes an interface that is not ours, and takes it out of our bridge", () => {
    const port = { kind: "physical", name: "eth0", master: "br0" } as const;
    expect(planText({ links: [bridge, port, { kind: "physical", name: "eth1" }] }, { links: [bridge] })).toBe(
      "link set physical eth0 no-master (was physical eth0 master br0)\n",
    );
  });

  test("adopts a link that has the wanted name", () => {
    expect(planText({ links: [{ kind: "physical", name: "br0" }] }, { links: [bridge] })).toBe(
      "link set bridge br0 call-iptables on multicast-snooping on (was physical br0)\n",
    );
  });

  test("brings up a link that is down", () => {
    expect(planText({ links: [{ ...bridge, down: true }] }, { links: [bridge] })).toMatch(/^link set bridge br0 .* down\)\n$/);
  });

  test("leaves a sysctl that nothing asks for, and compares values by words", () => {
    const path = "net/ipv4/ip_local_port_range";
    expect(planText({ sysctls: [{ path, value: "1024\t65535\n" }] }, {})).toBe("nothing to do\n");
    expect(planText({ sysctls: [{ path, value: "1024\t65535\n" }] }, { sysctls: [{ path, value: "1024 65535" }] })).toBe("nothing to do\n");
  });

  test("sets the MTU of a bridge again when a port with a smaller one joins", () => {
    const wide = { ...bridge, mtu: 1500 };
    const port = { kind: "physical", name: "eth0", mtu: 1400 } as const;
    expect(planText({ links: [wide, port] }, { links: [wide, { ...port, master: "br0" }] })).toBe(
      [
        "link set bridge br0 call-iptables on multicast-snooping on mtu 1500 (was bridge br0 call-iptables on multicast-snooping on mtu 1500)",
        "link set physical eth0 master br0 mtu 1400 (was physical eth0 mtu 1400)",
        "",
      ].join("\n"),
    );
  });

  test("sets the MTU of a bridge again when a port goes to which the bridge may owe it", () => {
    const narrow = { ...bridge, mtu: 1400 };
    const port = { kind: "veth", name: "p0", peer: "p1", mtu: 1400, master: "br0" } as const;
    expect(planText({ links: [narrow, port] }, { links: [narrow] })).toBe(
      [
        "link set bridge br0 call-iptables on multicast-snooping on mtu 1400 (was bridge br0 call-iptables on multicast-snooping on mtu 1400)",
        "link delete veth p0",
        "",
      ].join("\n"),
    );
    expect(planText({ links: [narrow, { ...port, mtu: 1500 }] }, { links: [narrow] })).toBe("link delete veth p0\n");
  });

  test("frees a tunnel identifier before another link takes it", () => {
    const tunnel = { kind: "vxlan", vni: 7, port: 4789, learning: false } as const;
    expect(planText({ links: [{ ...tunnel, name: "zz" }] }, { links: [{ ...tunnel, name: "aa" }] })).toBe(
      "link delete vxlan zz\nlink create vxlan aa vni 7 port 4789 learning off\n",
    );
  });
});
