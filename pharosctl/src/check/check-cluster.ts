import type { Finding } from "@pharos/base";
import type { DocumentSet } from "@pharos/compiler";
import { containsIp, overlaps, parseIp, parsePrefix } from "@pharos/hoststate";
import { KIND_INFO } from "@pharos/kinds";
import {
  CHECK_AGENT_NOT_COMMITTED,
  CHECK_CNI_FOREIGN,
  CHECK_DOCUMENT_NOT_ACCEPTED,
  CHECK_HOST_SILENT,
  CHECK_KINDS_MISSING,
  CHECK_NO_LEADER,
  CHECK_POLICIES_UNENFORCED,
  CHECK_SUBNET_OVERLAP,
} from "../codes.ts";
import { finding } from "./check-host.ts";
import type { ClusterSurvey } from "./survey.ts";

/** What stands in the way of an installation on this cluster. */
export function checkClusterBefore(survey: ClusterSurvey, documents?: DocumentSet): readonly Finding[] {
  return [...foreignNetworks(survey), ...policies(survey), ...rangeOverlaps(survey, documents)];
}

/** Whether Pharos does its work on this cluster. */
export function checkClusterAfter(survey: ClusterSurvey): readonly Finding[] {
  const missing = Object.keys(KIND_INFO).filter((kind) => !survey.kinds.includes(kind));
  const silent = survey.nodes.filter(({ name }) => survey.hosts.length > 0 && survey.hosts.every(({ node }) => node !== name));
  return [
    ...missing.map((kind) => finding(CHECK_KINDS_MISSING, "ERROR", `the API server does not know ${kind}.pharos.io`)),
    ...(survey.leader === undefined || survey.leader === "" ? [finding(CHECK_NO_LEADER, "ERROR", "no operator leads")] : []),
    ...(survey.hosts.length === 0 ? [finding(CHECK_HOST_SILENT, "ERROR", "no agent has reported")] : []),
    ...silent.map(({ name }) => finding(CHECK_HOST_SILENT, "WARNING", `no agent has reported for the Kubernetes node ${name}`)),
    ...survey.hosts.flatMap(({ host, state, message }) =>
      state === "Committed" ? [] : [finding(CHECK_AGENT_NOT_COMMITTED, "ERROR", `${host} is ${state}: ${message}`)],
    ),
    ...survey.documents.flatMap(({ title, conditions }) =>
      conditions
        .filter(({ type, status }) => (type === "Accepted" || type === "InSync") && status === "False")
        .map(({ type, message = "" }) => finding(CHECK_DOCUMENT_NOT_ACCEPTED, "ERROR", `${title} is not ${type}: ${message}`, title)),
    ),
    ...policies(survey),
  ];
}

function foreignNetworks({ foreignNetworks: names }: ClusterSurvey): readonly Finding[] {
  return names.map((name) => finding(CHECK_CNI_FOREIGN, "ERROR", `the DaemonSet ${name} is another pod network`));
}

function policies({ networkPolicies }: ClusterSurvey): readonly Finding[] {
  if (networkPolicies.length === 0) return [];
  const some = networkPolicies.slice(0, 5).join(", ");
  const says = `${networkPolicies.length} NetworkPolicies are not enforced: ${some}${networkPolicies.length > 5 ? ", …" : ""}`;
  return [finding(CHECK_POLICIES_UNENFORCED, "WARNING", says)];
}

/** Bridges' subnets over the Service range or over pods' ranges of the cluster. */
function rangeOverlaps({ nodes, apiService }: ClusterSurvey, documents: DocumentSet | undefined): readonly Finding[] {
  const service = apiService === undefined ? undefined : parseIp(apiService);
  const pods = nodes.flatMap(({ name, podCidrs }) =>
    podCidrs.flatMap((text) => parsePrefix(text) ?? []).map((prefix) => ({ name, prefix })),
  );
  return (documents?.bridges ?? []).flatMap(({ metadata, spec }) =>
    spec.bridges.flatMap((bridge) =>
      (bridge.ipam?.ranges ?? []).flatMap(({ subnet }) => {
        const wanted = parsePrefix(subnet);
        if (wanted === undefined) return [];
        const document = `Bridge/${metadata.name}`;
        const clash = pods.find(({ prefix }) => overlaps(prefix, wanted));
        return [
          ...(service !== undefined && containsIp(wanted, service)
            ? [finding(CHECK_SUBNET_OVERLAP, "ERROR", `${subnet} of ${bridge.name} covers the cluster's Service ${apiService}`, document)]
            : []),
          ...(clash === undefined
            ? []
            : [
                finding(
                  CHECK_SUBNET_OVERLAP,
                  "WARNING",
                  `${subnet} of ${bridge.name} overlaps the podCIDR of node ${clash.name}`,
                  document,
                ),
              ]),
        ];
      }),
    ),
  );
}
