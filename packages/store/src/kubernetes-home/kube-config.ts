import { readFile } from "node:fs/promises";
import { PharosError } from "@pharos/base";
import { parse } from "yaml";
import { STORE_CREDENTIALS } from "../codes.ts";
import { inClusterCredentials, type KubernetesCredentials, kubeconfigCredentials } from "../kubernetes/index.ts";

export interface KubeConfigOptions {
  /** Absent: the service account of the pod that we run in. */
  readonly kubeconfig?: string;
  /** `https://host:port`, in place of the address that the kubeconfig has; in a pod there is no other. */
  readonly server?: string;
}

/**
 * Who we are at which API server. Users of a credential plugin or a provider of authentication are left to client-node;
 * only then is it loaded: it costs 25 MB. Throws STORE_CREDENTIALS.
 */
export async function homeCredentials({ kubeconfig, server }: KubeConfigOptions): Promise<KubernetesCredentials> {
  if (kubeconfig !== undefined) {
    if (!(await needsPlugin(kubeconfig))) return kubeconfigCredentials(kubeconfig, server);
    const { pluginCredentials } = await import("./plugin-credentials.ts");
    return pluginCredentials(kubeconfig, server);
  }
  if (server === undefined) {
    throw new PharosError(STORE_CREDENTIALS, "the API server's address is not known", {
      action: "outside a pod give --kubeconfig; in a pod give --api-server, or let Kubernetes set KUBERNETES_SERVICE_HOST",
    });
  }
  return inClusterCredentials(server);
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name?: string; readonly context?: { readonly user?: string } }[];
  readonly users?: readonly { readonly name?: string; readonly user?: Readonly<Record<string, unknown>> }[];
}

/** Whatever else may be wrong with it is told by who reads it next. */
async function needsPlugin(path: string): Promise<boolean> {
  try {
    const config = parse(await readFile(path, "utf8")) as Kubeconfig | null;
    const context = config?.contexts?.find(({ name }) => name === config["current-context"])?.context;
    const user = config?.users?.find(({ name }) => name === context?.user)?.user;
    return user?.exec !== undefined || user?.["auth-provider"] !== undefined;
  } catch {
    return false;
  }
}
