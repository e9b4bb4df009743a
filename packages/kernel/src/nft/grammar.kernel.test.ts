import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, type FirewallObject, planOf } from "@pharos/hoststate";
import { canonicalBody } from "@pharos/hoststate/firewall";
import { nftFirewall, systemNft } from "./index.ts";

const NAMESPACE = `phgr${process.pid}`;
const firewall = nftFirewall(systemNft({ namespacePath: `/run/netns/${NAMESPACE}` }));

/** At least one body for each selector, operator and statement of the grammar, each in a spelling that somebody may choose. */
const FILTER_BODIES = `
accept
counter packets 5 bytes 10 drop
meta iifname br0 oifname != "eth1.100" return
iifname { "br0", "br1" } accept
iifname "br*" accept
iifname @nics accept
iifname . ip saddr vmap @senders
ip saddr vmap @sources
ip saddr vmap { 10.0.1.1 : accept, 10.0.0.0/25 : goto target }
ct state vmap { established : accept, related : accept, invalid : drop }
ip saddr @sources4 ip daddr != @sources4 accept
ip saddr . tcp dport @endpoints accept
meta l4proto tcp ip daddr . th dport @endpoints accept
meta l4proto { tcp, udp } th dport { 53, 80-90, 91 } accept
meta l4proto udp @th,64,32 0x52545053 accept
udp dport 7400-7500 @th,64,32 0x52545053 accept
udp length > 8 udp sport >= 1024 accept
sctp dport 5000 accept
tcp sport 1 tcp dport != 80 accept
tcp dport 80 tcp sport 1 accept
ip daddr 10.0.0.1 ip saddr 10.0.0.2 udp dport 5 udp sport 6 accept
ip6 daddr fd00::1 ip6 saddr fd00::2 accept
ip daddr 10.0.0.1 tcp dport 80 ip saddr 10.0.0.2 accept
ip daddr 10.0.0.0/24 ip saddr 10.0.1.0/24 accept
ip daddr @sources4 ip saddr 10.0.1.0/24 accept
tcp flags syn tcp option maxseg size set rt mtu
tcp flags syn tcp option maxseg size set 1400
meta l4proto { icmp, ipv6-icmp } accept
meta l4proto 47 accept
icmp type { echo-request, 3, time-exceeded } accept
meta nfproto ipv4 icmp type echo-request accept
icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect, mld2-listener-report, 200 } accept
meta nfproto ipv6 accept
meta pkttype { broadcast, multicast } accept
meta length 20-1500 accept
ether saddr 02:00:00:00:00:0A accept
ip protocol udp ip ttl 1 accept
ip saddr 10.0.0.1-10.0.0.7 ip daddr { 10.0.0.0/24, 10.0.1.0/24, 10.9.0.1 } accept
ip daddr 224.0.0.0/4 accept
ip6 saddr fe80::/10 ip6 daddr ff02::1:2 udp sport 546 udp dport 547 accept
ip6 nexthdr ipv6-icmp ip6 hoplimit 255 accept
ip6 saddr 2001:db8::1-2001:db8::9 accept
ct state established,related accept
ct state { new, untracked } accept
ct state != established drop
ct direction reply ct status snat,dnat accept
ct mark 0x10 meta mark & 0xff == 16 accept
ct original ip daddr 10.96.0.10 meta l4proto udp ct original proto-dst 53 accept
meta l4proto udp ct original proto-dst { 53, 5353 } accept
ct reply ip6 saddr fd00::1 accept
fib daddr type local accept
fib daddr type { local, broadcast } accept
fib saddr . iif oif missing drop
meta mark set 0x10 ct mark set meta mark
limit rate 10/second burst 20 packets log prefix "pharos audit: " level info
limit rate over 5/minute drop
log prefix "a; b { c }" group 2 snaplen 128 queue-threshold 10
log level warn
reject
reject with icmpx admin-prohibited
reject with tcp reset
jump target
goto target
`;
const NAT_BODIES = `
ip saddr @sources4 ip daddr != @sources4 masquerade
masquerade fully-random,persistent
meta l4proto tcp masquerade to :1024-2048
ip saddr 10.0.0.0/24 snat ip to 10.9.0.1
`;
const DNAT_BODIES = `
tcp dport 80 dnat ip to 10.0.0.2:8080
tcp dport 81 dnat ip6 to [fd00::2]:8080
tcp dport 82 redirect to :8080
`;

const rulesOf = (bodies: string) =>
  bodies
    .trim()
    .split("\n")
    .map((body, index) => ({ body, origin: `case ${index}` }));

const OBJECTS: readonly FirewallObject[] = [
  { kind: "chain", name: "filters", rules: rulesOf(FILTER_BODIES) },
  { kind: "chain", name: "target", rules: [] },
  { kind: "chain", name: "after", hook: { type: "nat", hook: "postrouting", priority: 100, policy: "accept" }, rules: rulesOf(NAT_BODIES) },
  {
    kind: "chain",
    name: "before",
    hook: { type: "nat", hook: "prerouting", priority: -100, policy: "accept" },
    rules: rulesOf(DNAT_BODIES),
  },
  { kind: "set", name: "nics", type: "ifname", interval: false, elements: ["br0", "eth1.100"] },
  {
    kind: "set",
    name: "sources4",
    type: "ipv4_addr",
    interval: true,
    elements: ["10.0.0.0/25", "10.0.0.128-10.0.0.255", "0.0.0.0/8", "255.255.255.255"],
  },
  { kind: "set", name: "sources6", type: "ipv6_addr", interval: true, elements: ["::/0"] },
  { kind: "set", name: "marks", type: "mark", interval: false, elements: ["16", "0x20"] },
  { kind: "set", name: "protocols", type: "inet_proto", interval: false, elements: ["tcp", "58", "47"] },
  { kind: "set", name: "stations", type: "ether_addr", interval: false, elements: ["02:00:00:00:00:0A"] },
  { kind: "set", name: "ports", type: "inet_service", interval: true, elements: ["0-1023", "1024", "60000-65535"] },
  {
    kind: "set",
    name: "endpoints",
    type: "ipv4_addr . inet_service",
    interval: true,
    elements: ["10.0.0.0/24 . 80-90", "0.0.0.0/0 . 443"],
  },
  {
    kind: "map",
    name: "sources",
    keyType: "ipv4_addr",
    valueType: "verdict",
    interval: true,
    elements: [
      { key: "0.0.0.0/1", value: "drop" },
      { key: "128.0.0.0-200.0.0.9", value: "jump target" },
    ],
  },
  {
    kind: "map",
    name: "senders",
    keyType: "ifname . ipv4_addr",
    valueType: "verdict",
    interval: false,
    elements: [{ key: "br0 . 10.0.0.1", value: "goto target" }],
  },
  {
    kind: "map",
    name: "translated",
    keyType: "ipv4_addr . inet_service",
    valueType: "ipv4_addr . inet_service",
    interval: false,
    elements: [{ key: "10.0.0.1 . 80", value: "10.0.0.2 . 8080" }],
  },
];

beforeAll(() => {
  execFileSync("ip", ["netns", "add", NAMESPACE]);
});
afterAll(() => {
  execFileSync("ip", ["netns", "delete", NAMESPACE]);
});

describe("the grammar of rules and elements", () => {
  test("is read back as it was written, by this version of nft", async () => {
    const desired = { ...EMPTY_STATE, firewall: OBJECTS };
    const [step] = planOf(diff(EMPTY_STATE, desired));
    await firewall.apply(step?.kind === "firewall.apply" ? step.transaction : "");
    const observed = await firewall.observe();
    const bodies = (objects: readonly FirewallObject[]) =>
      objects
        .flatMap((object) => (object.kind === "chain" ? [object.name, ...object.rules.map(({ body }) => canonicalBody(body))] : []))
        .sort();
    expect(bodies(observed)).toEqual(bodies(OBJECTS));
    expect(planOf(diff({ ...EMPTY_STATE, firewall: observed }, desired))).toEqual([]);
  });
});
