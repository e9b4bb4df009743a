/** Numbers of linux/netlink.h. */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  /** What is notified of is answered too. */
  ECHO: 0x8,
  DUMP_INTR: 0x10,
  /** On a get request: all objects. */
  DUMP: 0x300,
  /** On a new request: replace what exists. */
  REPLACE: 0x100,
  /** On a new request: fail with EEXIST when it exists. */
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
} as const;

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Numbers of linux/rtnetlink.h: message types. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  SETLINK: 19,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWRULE: 32,
  DELRULE: 33,
  GETRULE: 34,
} as const;

/** Multicast groups of rtnetlink. */
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV4_ROUTE: 7, IPV4_RULE: 8, IPV6_IFADDR: 9, IPV6_ROUTE: 11, IPV6_RULE: 19 } as const;

export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10 } as const;

/** Attributes of a link (linux/if_link.h). */
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  LINKINFO: 18,
  IFALIAS: 20,
  AF_SPEC: 26,
  GROUP: 27,
  NET_NS_FD: 28,
  LINK_NETNSID: 37,
} as const;
export const IFLA_INFO = { KIND: 1, DATA: 2, PORT_KIND: 4, PORT_DATA: 5 } as const;
export const IFLA_BRPORT = { STATE: 1, HAIRPIN: 4, ISOLATED: 33 } as const;
/** State of a bridge's port (linux/if_bridge.h): its link has no carrier, or the bridge has not looked since it has. */
export const BR_STATE_DISABLED = 0;
export const IFLA_BR = { MCAST_SNOOPING: 23, NF_CALL_IPTABLES: 36, NF_CALL_IP6TABLES: 37 } as const;
/** Attributes of a link's IPv6 side, and the value by which it gets no address on its own (linux/if_link.h). */
export const IFLA_INET6 = { ADDR_GEN_MODE: 8 } as const;
export const ADDR_GEN_MODE_NONE = 1;
export const IFLA_MACVLAN = { MODE: 1 } as const;
export const IFLA_VXLAN = { ID: 1, GROUP: 2, LINK: 3, LOCAL: 4, LEARNING: 7, PORT: 15, GROUP6: 16, LOCAL6: 17 } as const;
export const VETH_INFO_PEER = 1;
export const IFF_UP = 0x1;

/** Attributes and flags of an address (linux/if_addr.h). */
export const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4, FLAGS: 8, PROTO: 11 } as const;
export const IFA_F = { SECONDARY: 0x1, NODAD: 0x2, PERMANENT: 0x80 } as const;

/** Attributes, scopes and types of a route (linux/rtnetlink.h). */
export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, METRICS: 8, TABLE: 15 } as const;
export const RTAX_MTU = 2;
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254, NOWHERE: 255 } as const;
export const RTN = { UNICAST: 1, LOCAL: 2, BLACKHOLE: 6, UNREACHABLE: 7 } as const;
export const RTM_F_CLONED = 0x200;

/** Attributes and actions of a policy rule (linux/fib_rules.h). */
export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  PRIORITY: 6,
  FWMARK: 10,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  PROTOCOL: 21,
} as const;
export const FR_ACT_TO_TBL = 1;

/** The protocol number ('P') that marks our addresses, routes and policy rules. */
export const PHAROS_PROTOCOL = 80;
