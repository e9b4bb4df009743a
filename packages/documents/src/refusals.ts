import type { PharosCode } from "@pharos/base";
import type { Kind } from "@pharos/kinds";
import { ENTRY_TWICE, FIELD_MISSING, FIELD_UNKNOWN, NAME_REFUSED, RULE_BROKEN, TYPE_WRONG, VALUE_REFUSED } from "./codes.ts";

/** An object that every door refuses: ours, and the API server with `fieldValidation=Strict`. */
export interface Refusal {
  /** Why, as a claim. */
  readonly name: string;
  readonly object: object;
  readonly code: PharosCode;
  /** Field that the finding names. */
  readonly path: string;
}

type Fields = Readonly<Record<string, unknown>>;

const object = (kind: Kind, spec: unknown, metadata: Fields = {}): object => ({
  apiVersion: "pharos.io/v1",
  kind,
  metadata: { name: "refused", ...metadata },
  spec,
});

const node = (spec: Fields): object => object("Node", { name: "vehicle001", socs: [{ name: "soc1" }], ...spec });
const nic = (fields: Fields): object =>
  node({ socs: [{ name: "soc1", vms: [{ name: "vm1", interfaces: [{ name: "eth0", ...fields }] }] }] });
const bridge = (fields: Fields): object => object("Bridge", { bridges: [{ name: "podBr0", bridgeFor: "pod", ...fields }] });
const range = (fields: Fields): object => bridge({ ipam: { ranges: [{ subnet: "10.2.1.0/24", ...fields }] } });
const rule = (fields: Fields): object =>
  object("RoutingConfig", {
    routingInfo: [{ srcIntfName: "podBr0", dstIntfName: "podBr1", rules: [{ action: "ACCEPT", protocol: "tcp", ...fields }] }],
  });
const security = (fields: Fields): object => object("SecurityConfig", { security: fields });
const filter = (fields: Fields): object =>
  security({
    packet_filter: { enabled: true, rules: [{ src: "10.2.1.5", dst: "10.2.1.0/24", protocol: "tcp", action: "DROP", ...fields }] },
  });
const service = (fields: Fields): object =>
  object(
    "ServiceDeployment",
    { services: [{ name: "fusion", node: "vm1", protocol: "grpc", ports: [50051], ...fields }] },
    { namespace: "default" },
  );

const NIC = "spec.socs[0].vms[0].interfaces[0]";
const RANGE = "spec.bridges[0].ipam.ranges[0]";
const RULE = "spec.routingInfo[0].rules[0]";
const FILTER = "spec.security.packet_filter.rules[0]";

const entry = (name: string, refused: object, { code }: { readonly code: PharosCode }, path: string): Refusal => ({
  name,
  object: refused,
  code,
  path,
});

/** One table for our own engine and for a real API server. */
export const REFUSALS: readonly Refusal[] = [
  entry("a document needs a spec", { apiVersion: "pharos.io/v1", kind: "Node", metadata: { name: "refused" } }, FIELD_MISSING, "spec"),
  entry(
    "a name is a DNS subdomain",
    object("Node", { name: "v", socs: [{ name: "soc1" }] }, { name: "Refused_1" }),
    NAME_REFUSED,
    "metadata.name",
  ),

  entry("a vehicle has a name", object("Node", { socs: [{ name: "soc1" }] }), FIELD_MISSING, "spec.name"),
  entry("a vehicle has SoCs", object("Node", { name: "vehicle001" }), FIELD_MISSING, "spec.socs"),
  entry("a vehicle has at least one SoC", node({ socs: [] }), VALUE_REFUSED, "spec.socs"),
  entry("two SoCs cannot share a name", node({ socs: [{ name: "soc1" }, { name: "soc1" }] }), ENTRY_TWICE, "spec.socs[1].name"),
  entry("a SoC's name is a DNS name", node({ socs: [{ name: "SoC 1" }] }), VALUE_REFUSED, "spec.socs[0].name"),
  entry("a Node has no unknown field", node({ sock: [] }), FIELD_UNKNOWN, "spec.sock"),
  entry("defaultAction is ACCEPT or DROP", node({ defaultAction: "REJECT" }), VALUE_REFUSED, "spec.defaultAction"),
  entry("enforcement is enforce or audit", node({ enforcement: "off" }), VALUE_REFUSED, "spec.enforcement"),
  entry(
    "a failsafe destination has a port",
    node({ failsafe: [{ host: "10.1.0.1", protocol: "tcp" }] }),
    FIELD_MISSING,
    "spec.failsafe[0].port",
  ),
  entry(
    "a failsafe protocol has ports",
    node({ failsafe: [{ host: "a", protocol: "icmp", port: 1 }] }),
    VALUE_REFUSED,
    "spec.failsafe[0].protocol",
  ),
  entry(
    "a cloud interface needs an address",
    node({ cloud: [{ name: "c", interfaces: [{ name: "eth0" }] }] }),
    FIELD_MISSING,
    "spec.cloud[0].interfaces[0].address",
  ),
  entry("a static interface needs an address", nic({ type: "static" }), RULE_BROKEN, `${NIC}.address`),
  entry("an interface is static unless it says dhcp", nic({}), RULE_BROKEN, `${NIC}.address`),
  entry("a dhcp interface has no address", nic({ type: "dhcp", address: "10.2.0.10/24" }), RULE_BROKEN, `${NIC}.address`),
  entry("an interface name has at most 15 bytes", nic({ name: "eth0123456789abc", type: "dhcp" }), VALUE_REFUSED, `${NIC}.name`),
  entry("an interface name has no slash", nic({ name: "eth/0", type: "dhcp" }), VALUE_REFUSED, `${NIC}.name`),
  entry("an interface name has no blank", nic({ name: "eth 0", type: "dhcp" }), VALUE_REFUSED, `${NIC}.name`),
  entry("an interface name is not ..", nic({ name: "..", type: "dhcp" }), VALUE_REFUSED, `${NIC}.name`),
  entry("an interface name is not empty", nic({ name: "", type: "dhcp" }), VALUE_REFUSED, `${NIC}.name`),
  entry("an interface is static or dhcp", nic({ type: "auto" }), VALUE_REFUSED, `${NIC}.type`),
  entry("an address has a prefix length", nic({ address: "10.2.0.10" }), VALUE_REFUSED, `${NIC}.address`),
  entry("an octet ends at 255", nic({ address: "10.2.0.256/24" }), VALUE_REFUSED, `${NIC}.address`),
  entry("an IPv4 prefix length ends at 32", nic({ address: "10.2.0.10/33" }), VALUE_REFUSED, `${NIC}.address`),
  entry("an IPv6 address has one ::", nic({ address: "fd00::1::2/64" }), VALUE_REFUSED, `${NIC}.address`),
  entry("a gateway is an address", nic({ address: "10.2.0.10/24", gateway: "10.2.0.1/24" }), VALUE_REFUSED, `${NIC}.gateway`),
  entry(
    "a nameserver is an address",
    nic({ type: "dhcp", dns: { nameservers: ["dns.example"] } }),
    VALUE_REFUSED,
    `${NIC}.dns.nameservers[0]`,
  ),
  entry("uplink is a boolean", nic({ type: "dhcp", uplink: "yes" }), TYPE_WRONG, `${NIC}.uplink`),
  entry("an MTU is a number", nic({ type: "dhcp", mtu: "1500" }), TYPE_WRONG, `${NIC}.mtu`),
  entry("an MTU is whole", nic({ type: "dhcp", mtu: 1500.5 }), TYPE_WRONG, `${NIC}.mtu`),
  entry("an MTU is at least 68", nic({ type: "dhcp", mtu: 67 }), VALUE_REFUSED, `${NIC}.mtu`),

  entry("a Bridge document has a bridge", object("Bridge", { bridges: [] }), VALUE_REFUSED, "spec.bridges"),
  entry("bridges is a list", object("Bridge", { bridges: {} }), TYPE_WRONG, "spec.bridges"),
  entry("a bridge is for somebody", bridge({ bridgeFor: undefined }), FIELD_MISSING, "spec.bridges[0].bridgeFor"),
  entry("a bridge is for pods, VMs or the cloud", bridge({ bridgeFor: "pods" }), VALUE_REFUSED, "spec.bridges[0].bridgeFor"),
  entry("a bridge is of type bridge", bridge({ type: "macvlan" }), VALUE_REFUSED, "spec.bridges[0].type"),
  entry("only a pod bridge is the pods' default", bridge({ bridgeFor: "vm", default: true }), RULE_BROKEN, "spec.bridges[0].default"),
  entry("a host is named once", bridge({ hosts: ["vm1", "vm1"] }), ENTRY_TWICE, "spec.bridges[0].hosts[1]"),
  entry("a port names its interface", bridge({ ports: [{ host: "soc1" }] }), FIELD_MISSING, "spec.bridges[0].ports[0].interface"),
  entry("host-local needs a range", bridge({ ipam: { type: "host-local" } }), RULE_BROKEN, "spec.bridges[0].ipam.ranges"),
  entry("host-local needs more than an empty list", bridge({ ipam: { ranges: [] } }), RULE_BROKEN, "spec.bridges[0].ipam.ranges"),
  entry(
    "blockSize is a prefix length",
    bridge({ ipam: { type: "dhcp", blockSize: 129 } }),
    VALUE_REFUSED,
    "spec.bridges[0].ipam.blockSize",
  ),
  entry("a range has a subnet", range({ subnet: undefined }), FIELD_MISSING, `${RANGE}.subnet`),
  entry("rangeStart goes with rangeEnd", range({ rangeStart: "10.2.1.10" }), RULE_BROKEN, `${RANGE}.rangeStart`),
  entry("rangeEnd goes with rangeStart", range({ rangeEnd: "10.2.1.20" }), RULE_BROKEN, `${RANGE}.rangeStart`),
  entry("an excluded address is an address", range({ exclude: ["10.2.1.0/28"] }), VALUE_REFUSED, `${RANGE}.exclude[0]`),
  entry(
    "a route has a destination",
    bridge({ ipam: { type: "dhcp", routes: [{ gw: "10.2.1.1" }] } }),
    FIELD_MISSING,
    "spec.bridges[0].ipam.routes[0].dst",
  ),

  entry("a rule has an action", rule({ action: undefined }), FIELD_MISSING, `${RULE}.action`),
  entry("a rule names its protocol", rule({ protocol: undefined }), FIELD_MISSING, `${RULE}.protocol`),
  entry("an action is ACCEPT or DROP", rule({ action: "accept" }), VALUE_REFUSED, `${RULE}.action`),
  entry("a protocol is one of ours", rule({ protocol: "sctp" }), VALUE_REFUSED, `${RULE}.protocol`),
  entry("a port is at least 1", rule({ dstPort: 0 }), VALUE_REFUSED, `${RULE}.dstPort`),
  entry("a port is at most 65535", rule({ srcPort: 65536 }), VALUE_REFUSED, `${RULE}.srcPort`),
  entry("a port is a number", rule({ dstPort: "50000" }), TYPE_WRONG, `${RULE}.dstPort`),
  entry("icmp has no destination port", rule({ protocol: "icmp", dstPort: 80 }), RULE_BROKEN, `${RULE}.dstPort`),
  entry("all has no source port", rule({ protocol: "all", srcPort: 80 }), RULE_BROKEN, `${RULE}.srcPort`),
  entry("TopicName goes with dds", rule({ TopicName: "example_topic1" }), RULE_BROKEN, `${RULE}.TopicName`),
  entry("TopicName is spelled with a capital", rule({ protocol: "dds", topicName: "example_topic1" }), FIELD_UNKNOWN, `${RULE}.topicName`),
  entry("a service has ports, icmp has none", rule({ protocol: "icmp", service: "fusion" }), RULE_BROKEN, `${RULE}.service`),
  entry("tcp has no methods", rule({ method: "GetObjects" }), RULE_BROKEN, `${RULE}.method`),
  entry(
    "a pair has rules",
    object("RoutingConfig", { routingInfo: [{ srcIntfName: "a", dstIntfName: "b", rules: [] }] }),
    VALUE_REFUSED,
    "spec.routingInfo[0].rules",
  ),
  entry(
    "a pair has two ends",
    object("RoutingConfig", { routingInfo: [{ srcIntfName: "a", rules: [{ action: "DROP", protocol: "all" }] }] }),
    FIELD_MISSING,
    "spec.routingInfo[0].dstIntfName",
  ),

  entry("a SecurityConfig has security", object("SecurityConfig", {}), FIELD_MISSING, "spec.security"),
  entry("a packet filter says whether it is on", security({ packet_filter: {} }), FIELD_MISSING, "spec.security.packet_filter.enabled"),
  entry("a source is an address or a subnet", filter({ src: "perception-pod" }), VALUE_REFUSED, `${FILTER}.src`),
  entry("a filter for icmp has no port", filter({ protocol: "icmp", dstPort: 80 }), RULE_BROKEN, `${FILTER}.dstPort`),
  entry("a filter for all has no port", filter({ protocol: "all", srcPort: 80 }), RULE_BROKEN, `${FILTER}.srcPort`),
  entry(
    "a pod is allowed once",
    security({ whitelist: { enabled: true, allowed_pods: ["a", "a"] } }),
    ENTRY_TWICE,
    "spec.security.whitelist.allowed_pods[1]",
  ),
  entry(
    "scope is service or vehicle",
    security({ whitelist: { enabled: true, scope: "all" } }),
    VALUE_REFUSED,
    "spec.security.whitelist.scope",
  ),
  entry("TLS needs a certificate", security({ tls: { enabled: true } }), RULE_BROKEN, "spec.security.tls.cert_path"),
  entry(
    "a certificate's path is absolute",
    security({ tls: { enabled: true, cert_path: "cert.pem" } }),
    VALUE_REFUSED,
    "spec.security.tls.cert_path",
  ),
  entry(
    "feeding pauses at least a second",
    security({ cloud_feeding: { enabled: true, interval_sec: 0 } }),
    VALUE_REFUSED,
    "spec.security.cloud_feeding.interval_sec",
  ),

  entry("a service says where it runs", service({ node: undefined }), FIELD_MISSING, "spec.services[0].node"),
  entry("a service has ports", service({ ports: [] }), VALUE_REFUSED, "spec.services[0].ports"),
  entry("a service's port is named once", service({ ports: [1, 1] }), ENTRY_TWICE, "spec.services[0].ports[1]"),
  entry("a service does not speak all", service({ protocol: "all" }), VALUE_REFUSED, "spec.services[0].protocol"),
].map(({ object: refused, ...rest }) => ({ ...rest, object: JSON.parse(JSON.stringify(refused)) as object }));
