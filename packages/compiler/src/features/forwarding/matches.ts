import type { Checked, CodeEntry, Finding } from "@pharos/base";
import type { Origin } from "../../vehicle/model.ts";
import { nearestNames } from "../../zones/nearest-names.ts";
import {
  PORT_WITHOUT_TRANSPORT,
  PROTOCOL_UNKNOWN,
  RULE_NOT_ENFORCEABLE,
  RULE_WITHOUT_PORTS,
  SERVICE_AMBIGUOUS,
  SERVICE_UNKNOWN,
} from "./codes.ts";
import { findingAt } from "./finding-at.ts";
import type { Match, Ports } from "./rule.ts";
import type { ServicePorts } from "./service-ports.ts";

/** The fields of a forwardRule that say what it admits, as the document spells them. */
export interface RuleFields {
  readonly protocol: string;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly service?: string;
  readonly TopicName?: string;
  readonly method?: string;
}

/** Fields that need a look inside the payload; a rule that ignored them would be wider than it reads. */
const NOT_ENFORCEABLE = ["TopicName", "method"] as const;

const TRANSPORTS: Readonly<Record<string, readonly ("tcp" | "udp")[]>> = {
  tcp: ["tcp"],
  udp: ["udp"],
  grpc: ["tcp"],
  rest: ["tcp"],
  someip: ["tcp", "udp"],
  dds: ["udp"],
  all: ["tcp", "udp"],
};

/** Protocols that are no more than their ports: without one they would be all of TCP or UDP. */
const NEEDS_PORTS: ReadonlySet<string> = new Set(["grpc", "rest", "someip"]);

/** What a rule admits. Undefined, with an ERROR finding, when it cannot be enforced exactly: a rule is never widened. */
export function matchesOf(fields: RuleFields, origin: Origin, services: ServicePorts): Checked<readonly Match[] | undefined> {
  const findings: Finding[] = [];
  const fail = (entry: CodeEntry, field: string, description: string, recommendation?: string): void => {
    findings.push(findingAt(entry, "ERROR", { document: origin.document, path: `${origin.path}.${field}` }, description, recommendation));
  };
  for (const field of NOT_ENFORCEABLE) {
    if (fields[field] !== undefined) fail(RULE_NOT_ENFORCEABLE, field, `${field} cannot be enforced yet`);
  }
  const transports = TRANSPORTS[fields.protocol];
  if (transports === undefined && fields.protocol !== "icmp") {
    fail(PROTOCOL_UNKNOWN, "protocol", `${fields.protocol} is not a protocol that rules know`);
  }
  const destinationPorts = readDestinationPorts(fields, services, fail);
  const sourcePorts = fields.srcPort === undefined ? [] : [fields.srcPort];
  const hasPorts = sourcePorts.length + destinationPorts.length > 0;
  if (fields.protocol === "icmp" && hasPorts) {
    fail(PORT_WITHOUT_TRANSPORT, fields.srcPort === undefined ? "dstPort" : "srcPort", "icmp has no ports");
  }
  if (NEEDS_PORTS.has(fields.protocol) && destinationPorts.length === 0 && findings.length === 0) {
    fail(
      RULE_WITHOUT_PORTS,
      "protocol",
      `${fields.protocol} without dstPort and without a service that has ports would be all of its transport`,
    );
  }
  if (findings.length > 0) return { value: undefined, findings };
  if (fields.protocol === "icmp") return { value: [{ kind: "icmp" }], findings };
  if (fields.protocol === "all" && !hasPorts) return { value: [{ kind: "all" }], findings };
  const rtps = fields.protocol === "dds";
  return {
    value: (transports ?? []).map((transport) => ({ kind: "transport", transport, sourcePorts, destinationPorts, rtps })),
    findings,
  };
}

type Fail = (entry: CodeEntry, field: string, description: string, recommendation?: string) => void;

/** The rule's own dstPort, else its service's ports, else none. */
function readDestinationPorts(fields: RuleFields, services: ServicePorts, fail: Fail): Ports {
  const own = fields.dstPort === undefined ? [] : [fields.dstPort];
  if (fields.service === undefined) return own;
  const found = services.lookup(fields.service);
  if (found.kind === "unknown") {
    const near = nearestNames(fields.service, found.known);
    const hint = near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
    fail(SERVICE_UNKNOWN, "service", `no ServiceDeployment has a service named ${fields.service}`, hint);
    return own;
  }
  if (own.length > 0) return own;
  if (found.kind === "ambiguous") {
    const where = found.documents.join(" and ");
    fail(SERVICE_AMBIGUOUS, "service", `${fields.service} has different ports in ${where}`);
    return own;
  }
  if (found.ports.length === 0) fail(RULE_WITHOUT_PORTS, "service", `service ${fields.service} has no ports`);
  return found.ports;
}
