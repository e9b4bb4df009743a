import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KIND_INFO } from "@pharos/kinds";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./api-server.ts";
import { requireKubeAsset } from "./assets.ts";

/** A real API server that knows our kinds, in a folder of its own. */
export interface ApiWithKinds extends ApiServer {
  /** kubectl as the administrator; gives its output, throws with its message when it fails. */
  kubectl(args: readonly string[], stdin?: string): string;
}

/** Folder of the CRDs in this repository. */
export const CRD_FOLDER = join(import.meta.dirname, "../../../../crds");

/** Starts an API server in a temporary folder, which `stop` removes, and installs the CRDs. Programs come from the asset cache. */
export async function startApiWithKinds(env: NodeJS.ProcessEnv, more: Pick<ApiServerOptions, "args"> = {}): Promise<ApiWithKinds> {
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
  kubectl(["apply", "--server-side", "-f", CRD_FOLDER]);
  const names = Object.values(KIND_INFO).map(({ plural }) => `crd/${plural}.pharos.io`);
  kubectl(["wait", "--for=condition=Established", "--timeout=30s", ...names]);
  return { ...server, kubectl, stop };
}
