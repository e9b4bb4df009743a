import type { CodeEntry, Finding, Severity } from "@pharos/base";
import type { DocumentSet } from "@pharos/compiler";
import { formatPrefix, networkOf, overlaps, parsePrefix } from "@pharos/hoststate";
import {
  CHECK_CNI_FOREIGN,
  CHECK_INTERFACE_MANAGED,
  CHECK_K3S_FLAGS,
  CHECK_KERNEL_OLD,
  CHECK_NFT_MISSING,
  CHECK_NO_BRIDGE_NETFILTER,
  CHECK_NO_IPV6,
  CHECK_SUBNET_OVERLAP,
  CHECK_TOOL_MISSING,
} from "../codes.ts";
import type { HostSurvey } from "./survey.ts";

/** Verdict maps work reliably from this kernel on (kubernetes/kubernetes#122743). */
const OLDEST_KERNEL = [5, 13] as const;
/** Bugs of older versions break sets and maps (kubernetes/kubernetes#124152). */
const OLDEST_NFT = [1, 0, 1] as const;
/** Types that set up no pod network of their own. */
const HARMLESS_TYPES: readonly string[] = ["loopback", "pharos-cni"];
/** Flags without which k3s brings a network and filters of its own. */
const K3S_FLAGS = ["--flannel-backend=none", "--disable-network-policy"] as const;

/** What stands in the way of Pharos on this machine. `documents` are those that are going to be applied, if they are known. */
export function checkHost(survey: HostSurvey, documents?: DocumentSet): readonly Finding[] {
  return [
    ...kernelFindings(survey),
    ...toolFindings(survey),
    ...cniFindings(survey),
    ...k3sFindings(survey),
    ...managerFindings(survey, documents),
    ...overlapFindings(survey, documents),
  ];
}

function kernelFindings({ kernel, bridgeNetfilter, ipv6 }: HostSurvey): readonly Finding[] {
  return [
    ...(isOlder(kernel, OLDEST_KERNEL)
      ? [finding(CHECK_KERNEL_OLD, "ERROR", `this kernel is ${kernel}; ${OLDEST_KERNEL.join(".")} is the oldest that works`)]
      : []),
    ...(bridgeNetfilter ? [] : [finding(CHECK_NO_BRIDGE_NETFILTER, "WARNING", "br_netfilter is not loaded")]),
    ...(ipv6 ? [] : [finding(CHECK_NO_IPV6, "INFO", "this kernel has no IPv6")]),
  ];
}

function toolFindings({ nft, nftProblem, hasIp, hasTc }: HostSurvey): readonly Finding[] {
  const missing = [...(hasIp ? [] : ["ip"]), ...(hasTc ? [] : ["tc"])];
  return [
    ...(nft === undefined ? [finding(CHECK_NFT_MISSING, "ERROR", "nft is not installed")] : []),
    ...(nft !== undefined && isOlder(nft, OLDEST_NFT)
      ? [finding(CHECK_NFT_MISSING, "ERROR", `nft is ${nft}; ${OLDEST_NFT.join(".")} is the oldest that works`)]
      : []),
    ...(nftProblem === undefined ? [] : [finding(CHECK_NFT_MISSING, "ERROR", `nft does not work: ${nftProblem}`)]),
    ...missing.map((tool) => finding(CHECK_TOOL_MISSING, "WARNING", `${tool} (iproute2) is not installed`)),
  ];
}

function cniFindings({ cniFiles }: HostSurvey): readonly Finding[] {
  const foreign = cniFiles.filter(({ types }) => types.some((type) => !HARMLESS_TYPES.includes(type)) && !types.includes("pharos-cni"));
  return foreign.map(({ path, types }) => finding(CHECK_CNI_FOREIGN, "ERROR", `${path} belongs to another network (${types.join(", ")})`));
}

function k3sFindings({ k3s }: HostSurvey): readonly Finding[] {
  if (k3s === undefined) return [];
  const given = k3s.arguments.join(" ").replaceAll(/(--[\w-]+) +(?=[^-])/g, "$1=");
  const missing = K3S_FLAGS.filter((flag) => !given.includes(flag) && !given.includes(`${flag}=true`));
  return missing.map((flag) => finding(CHECK_K3S_FLAGS, "ERROR", `k3s runs without ${flag} (${k3s.from})`));
}

function managerFindings({ interfaces }: HostSurvey, documents: DocumentSet | undefined): readonly Finding[] {
  const managed = interfaces.filter(({ manager }) => manager !== undefined);
  if (documents === undefined)
    return managed.map(({ name, manager }) => finding(CHECK_INTERFACE_MANAGED, "INFO", `${manager} manages ${name}`));
  const declared = documents.nodes.flatMap(({ spec }) =>
    spec.socs.flatMap((soc) => [...(soc.interfaces ?? []), ...(soc.vms ?? []).flatMap((vm) => vm.interfaces ?? [])]),
  );
  const wanted = new Set(declared.filter(({ takeover, managed: ours }) => takeover !== true && ours !== false).map(({ name }) => name));
  return managed
    .filter(({ name }) => wanted.has(name))
    .map(({ name, manager }) => finding(CHECK_INTERFACE_MANAGED, "ERROR", `${manager} manages ${name}, which the documents set up`));
}

/** Subnets of bridges that lie over networks that this machine has already by other means. */
function overlapFindings({ interfaces }: HostSurvey, documents: DocumentSet | undefined): readonly Finding[] {
  if (documents === undefined) return [];
  const bridges = documents.bridges.flatMap(({ metadata, spec }) =>
    spec.bridges.map((bridge) => ({ document: `Bridge/${metadata.name}`, bridge })),
  );
  const names = new Set(bridges.map(({ bridge }) => bridge.name));
  const here = interfaces
    .filter(({ name }) => !names.has(name))
    .flatMap(({ name, addresses }) =>
      addresses.flatMap((text) => parsePrefix(text) ?? []).map((prefix) => ({ name, prefix: networkOf(prefix) })),
    );
  return bridges.flatMap(({ document, bridge }) =>
    (bridge.ipam?.ranges ?? []).flatMap(({ subnet }) => {
      const wanted = parsePrefix(subnet);
      const clash = wanted === undefined ? undefined : here.find(({ prefix }) => prefix.length > 0 && overlaps(prefix, wanted));
      if (clash === undefined || wanted === undefined) return [];
      const isPort = bridge.ports?.some((port) => port.interface === clash.name) === true;
      if (isPort) return [];
      const says = `${subnet} of ${bridge.name} overlaps ${formatPrefix(clash.prefix)} on ${clash.name}`;
      return [finding(CHECK_SUBNET_OVERLAP, "ERROR", says, document)];
    }),
  );
}

/** A finding about this machine, or about a document. */
export function finding(code: CodeEntry, severity: Severity, description: string, document?: string): Finding {
  const source = document === undefined ? {} : { source: { document } };
  return { code: code.code, severity, path: "", description, recommendation: code.action, ...source };
}

/** Compares the leading numbers of a version; one that cannot be read counts as new. */
function isOlder(version: string, oldest: readonly number[]): boolean {
  const parts = /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1]?.split(".").map(Number);
  if (parts === undefined) return false;
  for (const [index, wanted] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
