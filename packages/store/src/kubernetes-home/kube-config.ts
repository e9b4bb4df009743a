import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { PharosError } from "@pharos/base";
import { STORE_CREDENTIALS } from "../codes.ts";
import type { KubernetesCredentials } from "../kubernetes/index.ts";

export interface KubeConfigOptions {
  /** Absent: the service account of the pod that we run in. */
  readonly kubeconfig?: string;
  /** `https://host:port`, in place of the address that the configuration has. */
  readonly server?: string;
}

/** Loads a kubeconfig with whatever means of authentication client-node knows (exec plugins, OIDC, …). Throws STORE_CREDENTIALS. */
export function loadKubeConfig({ kubeconfig, server }: KubeConfigOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new PharosError(STORE_CREDENTIALS, `cannot load ${kubeconfig ?? "the pod's service account"}`, { cause: error });
  }
  if (server !== undefined) {
    config.clusters = config.clusters.map((cluster) => ({ ...cluster, server }));
  }
  return config;
}

/** The same identity for our own transport. */
export async function credentialsOf(config: KubeConfig): Promise<KubernetesCredentials> {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new PharosError(STORE_CREDENTIALS, "the configuration has no current context with a cluster");
  const { ca, cert, key, headers } = await tlsOptions(config);
  const text = (value: unknown) => (Buffer.isBuffer(value) ? value.toString() : typeof value === "string" ? value : undefined);
  const [authority, certificate, privateKey] = [text(ca), text(cert), text(key)];
  return {
    server,
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined || privateKey === undefined ? {} : { client: { certificate, key: privateKey } }),
    ...(bearer(headers) === undefined ? {} : { token: async () => bearer((await tlsOptions(config)).headers) ?? "" }),
  };
}

async function tlsOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return options;
}

function bearer(headers: RequestOptions["headers"]): string | undefined {
  const value = (headers as Readonly<Record<string, unknown>> | undefined)?.Authorization;
  return typeof value === "string" ? value.replace(/^Bearer /, "") : undefined;
}
