import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pinnedModules, requireKubeAsset } from "@pharos/lab/kubernetes";

/** Folder of the chart. */
export const CHART = join(import.meta.dirname, "../../charts/pharos");

export interface HelmResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the pinned helm. */
export function helm(args: readonly string[], env: NodeJS.ProcessEnv): HelmResult {
  const { status, stdout, stderr, error } = spawnSync(requireKubeAsset("helm", env), args, { encoding: "utf8", env });
  if (error !== undefined) throw error;
  return { ok: status === 0, stdout, stderr };
}

/** For commands that ask no cluster: helm assumes an old Kubernetes then. */
export function offlineVersion(): readonly string[] {
  const kubernetes = pinnedModules().find(({ module }) => module === "k8s.io/kubernetes");
  if (kubernetes === undefined) throw new Error("kube-versions.json pins no Kubernetes");
  return ["--kube-version", kubernetes.version];
}

/** A cluster's address for renderings that can ask none (RFC 5737). */
export const SOME_API_SERVER = ["--set-json", 'apiServer.url="https://192.0.2.1:6443"'] as const;

/** Arguments for each profile that the chart brings, and for one rendering with everything else switched on. */
export const PROFILES: Readonly<Record<string, readonly string[]>> = {
  default: SOME_API_SERVER,
  k3s: ["-f", join(CHART, "values-k3s.yaml")],
  "vehicle-small": [...SOME_API_SERVER, "-f", join(CHART, "values-vehicle-small.yaml")],
  "existing-cni": [...SOME_API_SERVER, "-f", join(CHART, "values-existing-cni.yaml")],
  "all-options": ["-f", join(import.meta.dirname, "all-options.yaml")],
};
