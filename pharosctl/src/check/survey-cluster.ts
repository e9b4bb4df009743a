import { execFile } from "node:child_process";
import { PharosError } from "@pharos/base";
import { DOCUMENT_KINDS } from "@pharos/compiler";
import { KIND_INFO } from "@pharos/kinds";
import { CHECK_CLUSTER_UNREACHABLE } from "../codes.ts";
import type { ClusterSurvey, SurveyedDocument } from "./survey.ts";

export interface ClusterAccess {
  /** The kubectl to ask with. */
  readonly kubectl: string;
  readonly kubeconfig?: string;
  /** Namespace of Pharos' own objects. */
  readonly namespace: string;
}

const COMMAND_MS = 15_000;
const DOCUMENTS = DOCUMENT_KINDS.map((kind) => `${KIND_INFO[kind].plural}.pharos.io`);
/** Names of the DaemonSets of pod networks that are in use. */
const NETWORKS = /^(kube-flannel|flannel|calico-node|cilium|antrea-agent|weave-net|kube-router|kindnet|ovnkube-node|kube-ovn-cni|canal)/;

/** Asks the cluster with kubectl, so that its means of authentication are the user's. Throws CHECK_CLUSTER_UNREACHABLE. */
export async function surveyCluster(access: ClusterAccess): Promise<ClusterSurvey> {
  const nodes = await list<CoreNode>(access, "nodes");
  const kinds = await list<CustomKind>(access, "customresourcedefinitions.apiextensions.k8s.io");
  const served = kinds.filter(({ spec }) => spec.group === "pharos.io");
  const names = new Set(served.map(({ metadata }) => metadata.name));
  const documents = (await Promise.all(DOCUMENTS.filter((name) => names.has(name)).map((name) => list<Documented>(access, name)))).flat();
  const reports = names.has("hostreports.pharos.io") ? await list<Reported>(access, "hostreports.pharos.io") : [];
  const leases = await list<Leased>(access, "leases.coordination.k8s.io", access.namespace);
  const [service] = (
    await list<{ readonly metadata: Named; readonly spec: { readonly clusterIP?: string } }>(access, "services", "default")
  ).filter(({ metadata }) => metadata.name === "kubernetes");
  const leader = leases.find(({ metadata }) => metadata.name === "pharos-operator")?.spec?.holderIdentity;
  return {
    nodes: nodes.map(({ metadata, spec, status }) => ({
      name: metadata.name,
      podCidrs: spec?.podCIDRs ?? [],
      ready: status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
    })),
    networkPolicies: (await list<{ readonly metadata: Named }>(access, "networkpolicies.networking.k8s.io")).map(titleOf),
    ...(service?.spec.clusterIP === undefined ? {} : { apiService: service.spec.clusterIP }),
    foreignNetworks: (await list<{ readonly metadata: Named }>(access, "daemonsets.apps"))
      .filter(({ metadata }) => NETWORKS.test(metadata.name))
      .map(titleOf),
    kinds: served.map(({ spec }) => spec.names.kind),
    documents: documents.map(documentOf),
    hosts: reports.map(hostOf),
    ...(leader === undefined ? {} : { leader }),
  };
}

interface Named {
  readonly name: string;
  readonly namespace?: string;
}

interface CoreNode {
  readonly metadata: Named;
  readonly spec?: { readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface CustomKind {
  readonly metadata: Named;
  readonly spec: { readonly group: string; readonly names: { readonly kind: string } };
}

interface Documented {
  readonly kind: string;
  readonly metadata: Named;
  readonly status?: { readonly conditions?: SurveyedDocument["conditions"] };
}

interface Reported {
  readonly metadata: Named & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly host: string };
  readonly status?: { readonly state?: string; readonly conditions?: SurveyedDocument["conditions"] };
}

/** Annotation of a HostReport: the Kubernetes node that the host is, where it has another name. */
const NODE_ANNOTATION = "pharos.io/node";

function hostOf({ metadata, spec, status }: Reported): ClusterSurvey["hosts"][number] {
  const { host } = spec;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return { host, node: metadata.annotations?.[NODE_ANNOTATION] ?? host, state: status?.state ?? "Unknown", message: ready?.message ?? "" };
}

interface Leased {
  readonly metadata: Named;
  readonly spec?: { readonly holderIdentity?: string };
}

function titleOf({ metadata: { name, namespace } }: { readonly metadata: Named }): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function documentOf(document: Documented): SurveyedDocument {
  return { title: `${document.kind}/${titleOf(document)}`, conditions: document.status?.conditions ?? [] };
}

async function list<T>({ kubectl, kubeconfig }: ClusterAccess, resource: string, namespace?: string): Promise<readonly T[]> {
  const where = namespace === undefined ? ["--all-namespaces"] : ["--namespace", namespace];
  const args = [...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]), "get", resource, ...where, "--output", "json"];
  const text = await new Promise<string>((resolve, reject) => {
    execFile(kubectl, args, { timeout: COMMAND_MS, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new PharosError(CHECK_CLUSTER_UNREACHABLE, `${kubectl} get ${resource}: ${stderr.trim().split("\n")[0] || error.message}`));
    });
  });
  return (JSON.parse(text) as { readonly items: readonly T[] }).items;
}
