import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PharosError } from "@pharos/base";
import { parse } from "yaml";
import { STORE_CREDENTIALS } from "../codes.ts";

/** Who we are at which API server. */
export interface KubernetesCredentials {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM of the authorities that may have signed the server's certificate; absent: those of the system. */
  readonly authority?: string;
  /** A client certificate, PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** The bearer token of the moment. */
  readonly token?: () => Promise<string>;
}

/** Where kubelet mounts a pod's service account. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The credentials of the pod that we run in. The token is read again whenever kubelet renews its file. */
export async function inClusterCredentials(server: string, folder = SERVICE_ACCOUNT_FOLDER): Promise<KubernetesCredentials> {
  return { server, authority: await readText(join(folder, "ca.crt")), token: tokenFile(join(folder, "token")) };
}

/** The current context of a kubeconfig. `server` replaces the address that stands there. Throws STORE_CREDENTIALS. */
export async function kubeconfigCredentials(path: string, server?: string): Promise<KubernetesCredentials> {
  const config = parse(await readText(path)) as Kubeconfig | null;
  const context = named(config?.contexts, config?.["current-context"])?.context;
  const cluster = named(config?.clusters, context?.cluster)?.cluster;
  const user = named(config?.users, context?.user)?.user;
  const address = server ?? cluster?.server;
  if (address === undefined || user === undefined)
    throw new PharosError(STORE_CREDENTIALS, `${path} has no current context with a server and a user`);
  const read = (data: string | undefined, file: string | undefined) =>
    data !== undefined ? Buffer.from(data, "base64").toString() : file === undefined ? undefined : readText(resolve(dirname(path), file));
  const authority = await read(cluster?.["certificate-authority-data"], cluster?.["certificate-authority"]);
  const certificate = await read(user["client-certificate-data"], user["client-certificate"]);
  const key = await read(user["client-key-data"], user["client-key"]);
  const token = tokenOf(user, path);
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw new PharosError(STORE_CREDENTIALS, `the user of ${path} has neither a token nor a client certificate`);
  }
  return {
    server: address,
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined || key === undefined ? {} : { client: { certificate, key } }),
    ...(token === undefined ? {} : { token }),
  };
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users?: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

function named<T extends { readonly name: string }>(all: readonly T[] | undefined, name: string | undefined): T | undefined {
  return all?.find((one) => one.name === name);
}

function tokenOf({ token, tokenFile: file }: Readonly<Record<string, string>>, path: string): (() => Promise<string>) | undefined {
  if (file !== undefined) return tokenFile(resolve(dirname(path), file));
  return token === undefined ? undefined : async () => token;
}

/** The token in a file; read again when the file changed. */
function tokenFile(path: string): () => Promise<string> {
  let known: { readonly token: string; readonly mtimeMs: number } | undefined;
  return async () => {
    const { mtimeMs } = await stat(path).catch((error: unknown) => {
      throw new PharosError(STORE_CREDENTIALS, `cannot read ${path}`, { cause: error });
    });
    if (known?.mtimeMs !== mtimeMs) known = { token: (await readText(path)).trim(), mtimeMs };
    return known.token;
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new PharosError(STORE_CREDENTIALS, `cannot read ${path}`, { cause: error });
  }
}
