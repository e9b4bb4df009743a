// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { CelRule } from "../field-schema.ts";
import type { Kind } from "./kinds.ts";

/** Each kind's CEL rules, as the API server has them. */
export const CEL_RULES: Readonly<Record<Kind, readonly CelRule[]>> = {
  Node: [
    {"path":"spec.socs[].interfaces[]","rule":"self.type != 'static' || has(self.address)","message":"a static interface needs an address","fieldPath":".address","reason":"FieldValueRequired"},
    {"path":"spec.socs[].interfaces[]","rule":"self.type != 'dhcp' || !has(self.address)","message":"a dhcp interface gets its address from the DHCP server; remove address or use type static","fieldPath":".address","reason":"FieldValueForbidden"},
    {"path":"spec.socs[].vms[].interfaces[]","rule":"self.type != 'static' || has(self.address)","message":"a static interface needs an address","fieldPath":".address","reason":"FieldValueRequired"},
    {"path":"spec.socs[].vms[].interfaces[]","rule":"self.type != 'dhcp' || !has(self.address)","message":"a dhcp interface gets its address from the DHCP server; remove address or use type static","fieldPath":".address","reason":"FieldValueForbidden"},
  ],
  Bridge: [
    {"path":"spec.bridges[]","rule":"!self.default || self.bridgeFor == 'pod'","message":"only a bridge for pods can be the default for pods","fieldPath":".default","reason":"FieldValueForbidden"},
    {"path":"spec.bridges[].ipam","rule":"self.type != 'host-local' || (has(self.ranges) && size(self.ranges) > 0)","message":"host-local needs at least one range","fieldPath":".ranges","reason":"FieldValueRequired"},
    {"path":"spec.bridges[].ipam.ranges[]","rule":"has(self.rangeStart) == has(self.rangeEnd)","message":"rangeStart and rangeEnd go together","fieldPath":".rangeStart","reason":"FieldValueRequired"},
  ],
  RoutingConfig: [
    {"path":"spec.routingInfo[].rules[]","rule":"!has(self.srcPort) || (self.protocol != 'icmp' && self.protocol != 'all')","message":"srcPort needs a protocol that has ports","fieldPath":".srcPort","reason":"FieldValueForbidden"},
    {"path":"spec.routingInfo[].rules[]","rule":"!has(self.dstPort) || (self.protocol != 'icmp' && self.protocol != 'all')","message":"dstPort needs a protocol that has ports","fieldPath":".dstPort","reason":"FieldValueForbidden"},
    {"path":"spec.routingInfo[].rules[]","rule":"!has(self.TopicName) || self.protocol == 'dds'","message":"TopicName goes with protocol dds only","fieldPath":".TopicName","reason":"FieldValueForbidden"},
    {"path":"spec.routingInfo[].rules[]","rule":"!has(self.service) || (self.protocol != 'icmp' && self.protocol != 'all')","message":"service needs a protocol that has ports","fieldPath":".service","reason":"FieldValueForbidden"},
    {"path":"spec.routingInfo[].rules[]","rule":"!has(self.method) || self.protocol == 'grpc' || self.protocol == 'rest' || self.protocol == 'someip'","message":"method goes with protocol grpc, rest or someip only","fieldPath":".method","reason":"FieldValueForbidden"},
  ],
  SecurityConfig: [
    {"path":"spec.security.packet_filter.rules[]","rule":"!has(self.srcPort) || (self.protocol != 'icmp' && self.protocol != 'all')","message":"srcPort needs a protocol that has ports","fieldPath":".srcPort","reason":"FieldValueForbidden"},
    {"path":"spec.security.packet_filter.rules[]","rule":"!has(self.dstPort) || (self.protocol != 'icmp' && self.protocol != 'all')","message":"dstPort needs a protocol that has ports","fieldPath":".dstPort","reason":"FieldValueForbidden"},
    {"path":"spec.security.tls","rule":"!self.enabled || has(self.cert_path)","message":"tls needs cert_path","fieldPath":".cert_path","reason":"FieldValueRequired"},
  ],
  ServiceDeployment: [],
  ConfigRevision: [
    {"path":"spec","rule":"self == oldSelf","message":"a revision never changes"},
  ],
  HostReport: [],
  PodNetwork: [],
  ServiceRegistration: [],
};
