import type { CodeEntry } from "@pharos/base";

/** Codes of findings about forwardRules: PHAROS-1250 to 1299. */
export const FORWARDING_CODES = {
  unknownZone: { code: "PHAROS-1250", title: "Unknown zone", action: "Name a bridge, a host, an interface, a cloud VM or world." },
  ambiguousZone: { code: "PHAROS-1251", title: "Ambiguous zone", action: "Use a name that only one zone has." },
  notEnforceable: {
    code: "PHAROS-1252",
    title: "A rule that cannot be enforced yet",
    action: "Leave the field out, or write a rule by protocol and port.",
  },
  noPorts: {
    code: "PHAROS-1253",
    title: "A protocol without ports",
    action: "Give dstPort, or a service whose ServiceDeployment has ports.",
  },
  unknownService: { code: "PHAROS-1254", title: "Unknown service", action: "Name a service of a ServiceDeployment." },
  ambiguousService: {
    code: "PHAROS-1255",
    title: "A service with several definitions",
    action: "Give dstPort, or define the service in one ServiceDeployment.",
  },
  portWithoutTransport: { code: "PHAROS-1256", title: "A port of a protocol that has none", action: "Remove the port, or use tcp or udp." },
  unknownProtocol: {
    code: "PHAROS-1257",
    title: "Unknown protocol",
    action: "Use one of tcp, udp, icmp, all, grpc, rest, someip, dds.",
  },
  shadowed: { code: "PHAROS-1258", title: "A rule that is never reached", action: "Remove the rule, or move it before the other one." },
  insideBridge: {
    code: "PHAROS-1259",
    title: "A rule for traffic inside one bridge",
    action: "Traffic inside one bridge passes; use a SecurityConfig to filter it.",
  },
  nobodyEnforces: {
    code: "PHAROS-1260",
    title: "A rule that no host enforces",
    action: "Check both ends: no host of the vehicle forwards between them, and neither is a host that Pharos manages.",
  },
  noAddress: {
    code: "PHAROS-1261",
    title: "A zone without addresses",
    action: "Give the interface an address, or wait until its DHCP lease is reported.",
  },
} as const satisfies Record<string, CodeEntry>;
