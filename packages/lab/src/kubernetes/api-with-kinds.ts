import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./api-server.ts";
import { requireKubeAsset } from "./assets.ts";

/** A real API server in a folder of its own. */
export interface ApiWithKinds extends ApiServer {
  /** kubectl as the administrator; gives its output, throws with its message when it fails. */
  kubectl(args: readonly string[], stdin?: string): string;
  /** Installs the CRDs, all but that of `missing`, and waits until the server answers for them. */
  installKinds(missing?: Kind): void;
}

const CRD_FOLDER = join(import.meta.dirname, "../../../../crds");

/** Starts an API server in a temporary folder, which `stop` removes, and installs the CRDs. Programs come from the asset cache. */
export async function startApiWithKinds(env: NodeJS.ProcessEnv, more: Pick<ApiServerOptions, "args"> = {}): Promise<ApiWithKinds> {
  const api = await startApiWithoutKinds(env, more);
  api.installKinds();
  return api;
}

/**
 * The same without CRDs. A test that needs a server without them takes this one: to delete CRDs may take the server minutes, when
 * its finalizer backs off.
 */
export async function startApiWithoutKinds(env: NodeJS.ProcessEnv, more: Pick<ApiServerOptions, "args"> = {}): Promise<ApiWithKinds> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-api-"));
  const asset = (program: string) => requireKubeAsset(program, env);
  const server = await startApiServer({ folder, programs: { etcd: asset("etcd"), kubeApiserver: asset("kube-apiserver") }, ...more });
  const kubectl = (args: readonly string[], stdin = "") => {
    const { status, stdout, stderr } = spawnSync(asset("kubectl"), ["--kubeconfig", server.kubeconfig, ...args], {
      encoding: "utf8",
      input: stdin,
    });
    if (status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  };
  const installKinds = (missing?: Kind) => {
    const kinds = Object.entries(KIND_INFO).filter(([kind]) => kind !== missing);
    const files = kinds.flatMap(([kind]) => ["-f", join(CRD_FOLDER, `${kind.toLowerCase()}.yaml`)]);
    kubectl(["apply", "--server-side", ...files]);
    const names = kinds.map(([, { plural }]) => `crd/${plural}.pharos.io`);
    kubectl(["wait", "--for=condition=Established", "--timeout=30s", ...names]);
  };
  return { ...server, kubectl, installKinds, stop };
}
