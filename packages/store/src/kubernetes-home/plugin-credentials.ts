import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { PharosError } from "@pharos/base";
import { STORE_CREDENTIALS } from "../codes.ts";
import type { KubernetesCredentials } from "../kubernetes/index.ts";

/** The current context of a kubeconfig whose user is one of a credential plugin or a provider of authentication. Throws STORE_CREDENTIALS. */
export async function pluginCredentials(path: string, given: string | undefined): Promise<KubernetesCredentials> {
  const config = new KubeConfig();
  const identity = async (): Promise<RequestOptions> => {
    const options: RequestOptions = { headers: {} };
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new PharosError(STORE_CREDENTIALS, `${path}: its user's credentials cannot be obtained`, { cause: error });
    }
    return options;
  };
  try {
    config.loadFromFile(path);
  } catch (error) {
    throw new PharosError(STORE_CREDENTIALS, `${path}: it is no kubeconfig`, { cause: error });
  }
  const server = given ?? config.getCurrentCluster()?.server;
  if (server === undefined) throw new PharosError(STORE_CREDENTIALS, `${path}: it has no current context with a cluster`);
  const { ca, cert, key, headers, servername } = await identity();
  const [authority, certificate, privateKey] = [textOf(ca), textOf(cert), textOf(key)];
  return {
    server,
    ...(authority === undefined ? {} : { authority }),
    ...(servername === undefined ? {} : { serverName: servername }),
    ...(certificate === undefined || privateKey === undefined ? {} : { client: { certificate, key: privateKey } }),
    ...(bearerOf(headers) === undefined ? {} : { token: async () => bearerOf((await identity()).headers) ?? "" }),
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

function bearerOf(headers: RequestOptions["headers"]): string | undefined {
  const value = (headers as Readonly<Record<string, unknown>> | undefined)?.Authorization;
  return typeof value === "string" ? value.replace(/^Bearer /, "") : undefined;
}
