import type { Finding } from "@pharos/base";
import { type Ip, parseIp, parsePrefix } from "@pharos/hoststate";
import type { PodNetwork } from "@pharos/kinds";
import { ZONE_AMBIGUOUS, ZONE_UNKNOWN } from "../features/forwarding/codes.ts";
import { nearestNames } from "../zones/nearest-names.ts";
import { representatives } from "../zones/representatives.ts";
import { zoneNames } from "../zones/resolve.ts";
import type { Zone } from "../zones/zone.ts";
import type { Law } from "./law.ts";

/** An end of a question, as it was named. */
export interface QuestionEnd {
  readonly name: string;
  readonly kind: "address" | "pod" | Zone["kind"];
  /** Addresses that stand for it, preferred ones first; empty when it has none (a DHCP interface without a lease). */
  readonly addresses: readonly Ip[];
}

/** Resolves an address, a zone's name or a pod (`namespace/name`, or `name` in `default`). `field` is for the finding. */
export function readEnd(law: Law, pods: readonly PodNetwork[], name: string, field: "from" | "to"): QuestionEnd | Finding {
  const literal = parseIp(name);
  if (literal !== undefined) return { name, kind: "address", addresses: [literal] };
  const found = zoneNames(law.zones).lookup(name);
  if (found.kind === "zone") return { name, kind: found.zone.kind, addresses: representatives(law.vehicle, law.zones, found.zone) };
  if (found.kind === "ambiguous") {
    const description = `${name} is the name of several zones: ${found.candidates.join(", ")}`;
    return { ...FINDING(ZONE_AMBIGUOUS), path: field, description };
  }
  const pod = podAddresses(pods, name);
  if (pod.length > 0) return { name, kind: "pod", addresses: pod };
  const podNames = pods.flatMap(({ spec: { pod: of } }) =>
    of === undefined ? [] : [of.namespace === "default" ? of.name : `${of.namespace}/${of.name}`],
  );
  const near = [...new Set([...found.suggestions, ...nearestNames(name, podNames)])];
  const recommendation = near.length === 0 ? ZONE_UNKNOWN.action : `did you mean ${near.join(" or ")}?`;
  return { ...FINDING(ZONE_UNKNOWN), path: field, description: `no zone, pod or address is named ${name}`, recommendation };
}

function FINDING(entry: {
  readonly code: Finding["code"];
  readonly action: string;
}): Pick<Finding, "code" | "severity" | "recommendation"> {
  return { code: entry.code, severity: "ERROR", recommendation: entry.action };
}

function podAddresses(pods: readonly PodNetwork[], name: string): readonly Ip[] {
  const [namespace, pod] = name.includes("/") ? name.split("/", 2) : ["default", name];
  const attachments = pods.filter(({ spec }) => spec.pod?.namespace === namespace && spec.pod?.name === pod);
  return attachments.flatMap(({ status }) => (status?.addresses ?? []).flatMap((text) => parsePrefix(text)?.ip ?? parseIp(text) ?? []));
}
