/** Characters that nft takes in a name without quotes (and `/`, which would read badly beside prefixes). */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,126}$/;

/** Words of nft's grammar that could also be read as a name. nft refuses them as names, with a syntax error that says nothing. */
const KEYWORDS: ReadonlySet<string> = new Set(
  [
    "accept add ah all and arp auto-merge bridge burst bytes cgroup chain checksum code comment",
    "constant continue count counter counters create ct cpu daddr day dccp define delete describe device devices dnat",
    "dport drop dscp dst dup dynamic ecn element eq esp ether eui64 exists expires export exthdr fib flags flow flowtable",
    "flush frag frag-off fully-random fwd ge get goto gt hbh helper hook",
    "hoplimit hour ibrname icmp icmpv6 id iif iifgroup iifname iiftype igmp in include inet",
    "insert interval ip ip6 ipsec jhash jump kind last le length level limit limits list lladdr log lt lshift map maps",
    "mark masquerade meta meter meters mh minute missing monitor mptcp ne netdev nexthdr nfproto nftrace not",
    "notrack numgen obrname offload oif oifgroup oifname oiftype option or original osf over packets performance",
    "persistent pkttype policy position prefix priority protocol ptr queue quota quotas random rate redefine",
    "redirect reject rename reply replace reset return rshift rt rule ruleset saddr sack saltseed sctp second secmark seconds seq set sets",
    "size skgid skuid snaplen snat socket space spi sport src sreq state state-free stateless status symhash synproxy",
    "table tcp th time timeout timestamp to tproxy trace transparent ttl type typeof udp udplite undefine until update",
    "vlan vmap vnet week wildcard window wscale xor xt zone",
  ].flatMap((line) => line.split(" ")),
);

/** True when `name` can name a chain, set or map in every nft that Pharos supports. */
export function isFirewallName(name: string): boolean {
  return NAME.test(name) && !KEYWORDS.has(name);
}
