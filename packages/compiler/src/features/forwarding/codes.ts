import type { CodeEntry } from "@pharos/base";

export const ZONE_UNKNOWN: CodeEntry = {
  code: "PHAROS-1250",
  title: "unknown zone",
  action: "name a bridge, a host, an interface, a cloud VM or world",
};

export const ZONE_AMBIGUOUS: CodeEntry = {
  code: "PHAROS-1251",
  title: "ambiguous zone",
  action: "use a name that only one zone has",
};

export const RULE_NOT_ENFORCEABLE: CodeEntry = {
  code: "PHAROS-1252",
  title: "a rule that cannot be enforced yet",
  action: "leave the field out, or write a rule by protocol and port",
};

export const RULE_WITHOUT_PORTS: CodeEntry = {
  code: "PHAROS-1253",
  title: "a protocol without ports",
  action: "give dstPort, or a service whose ServiceDeployment has ports",
};

export const SERVICE_UNKNOWN: CodeEntry = {
  code: "PHAROS-1254",
  title: "unknown service",
  action: "name a service of a ServiceDeployment",
};

export const SERVICE_AMBIGUOUS: CodeEntry = {
  code: "PHAROS-1255",
  title: "a service with several definitions",
  action: "give dstPort, or define the service in one ServiceDeployment",
};

export const PORT_WITHOUT_TRANSPORT: CodeEntry = {
  code: "PHAROS-1256",
  title: "a port of a protocol that has none",
  action: "remove the port, or use tcp or udp",
};

export const PROTOCOL_UNKNOWN: CodeEntry = {
  code: "PHAROS-1257",
  title: "unknown protocol",
  action: "use one of tcp, udp, icmp, all, grpc, rest, someip, dds",
};

export const RULE_SHADOWED: CodeEntry = {
  code: "PHAROS-1258",
  title: "a rule that is never reached",
  action: "remove the rule, or move it before the other one",
};

export const RULE_INSIDE_BRIDGE: CodeEntry = {
  code: "PHAROS-1259",
  title: "a rule for traffic inside one bridge",
  action: "traffic inside one bridge passes; use a SecurityConfig to filter it",
};

export const RULE_ENFORCED_BY_NOBODY: CodeEntry = {
  code: "PHAROS-1260",
  title: "a rule that no host enforces",
  action: "check both ends: no host of the vehicle forwards between them, and neither is a host that Pharos manages",
};

export const ZONE_WITHOUT_ADDRESS: CodeEntry = {
  code: "PHAROS-1261",
  title: "a zone without addresses",
  action: "give the interface an address, or wait until its DHCP lease is reported",
};
