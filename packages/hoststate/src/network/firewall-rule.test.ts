import { describe, expect, test } from "@jest/globals";
import { canonicalBody } from "./firewall-rule.ts";

describe("canonicalBody", () => {
  test.each([
    ["tcp dport {443,80, 81}", "tcp dport { 80-81, 443 }"],
    ["tcp dport { 80 } accept", "tcp dport 80 accept"],
    ["meta l4proto tcp tcp dport 80", "tcp dport 80"],
    ["meta l4proto tcp ip saddr 10.0.0.1", "meta l4proto tcp ip saddr 10.0.0.1"],
    ["meta l4proto udp th dport 53", "udp dport 53"],
    ["meta l4proto ipv6-icmp accept", "meta l4proto 58 accept"],
    ["ip saddr 10.0.0.7/24", "ip saddr 10.0.0.0/24"],
    ["ip saddr { 10.0.0.0/25, 10.0.0.128/25 }", "ip saddr 10.0.0.0/24"],
    ["ct state related,established accept", "ct state established,related accept"],
    ["counter packets 7 bytes 99 drop", "counter drop"],
    ["limit rate 10/second", "limit rate 10/second burst 5 packets"],
    ["meta iifname br0 accept", 'iifname "br0" accept'],
    ["@th,64,32 1381257299", "@th,64,32 0x52545053"],
    ["ip daddr 10.0.0.1 ip saddr 10.0.0.2 drop", "ip saddr 10.0.0.2 ip daddr 10.0.0.1 drop"],
    ["reject", "reject with icmpx type port-unreachable"],
  ])("reads %j as %j", (body, canonical) => {
    expect(canonicalBody(body)).toBe(canonical);
    expect(canonicalBody(canonical)).toBe(canonical);
  });

  test.each([
    "",
    "accept; flush ruleset",
    "accept\nflush ruleset",
    'accept comment "x"',
    "accept # the rest",
    "ip saddr $x accept",
    "ip saddr 10.0.0.256 accept",
    "ip saddr fd00::1 accept",
    "tcp dport 65536 accept",
    "jump accept",
    "jump a;b",
    "goto",
    'iifname "a b" accept',
    'iifname "0123456789abcdef" accept',
    'log prefix "a" b',
    'log prefix "a\\"',
    "tcp dport { 80 : accept }",
    "ip saddr @th accept",
    "ip saddr @x{ accept",
    "queue num 0",
  ])("refuses %j", (body) => {
    expect(canonicalBody(body)).toBeUndefined();
  });
});
