import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PharosError } from "@pharos/base";
import { STORE_CREDENTIALS } from "../codes.ts";

/** Who we are at which API server. */
export interface KubernetesCredentials {
  /** `https://host:port`. */
  readonly server: string;
  /** PEM of the authorities that may have signed the server's certificate; absent: those of the system. */
  readonly authority?: string;
  /** Name in the server's certificate, where it is not the host of `server`. */
  readonly serverName?: string;
  /** A client certificate, PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** The bearer token of the moment. */
  readonly token?: () => Promise<string>;
}

/** Where kubelet mounts a pod's service account. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The credentials of the pod that we run in. The token is read again whenever kubelet renews its file. */
export async function inClusterCredentials(server: string, folder = SERVICE_ACCOUNT_FOLDER): Promise<KubernetesCredentials> {
  const authority = await readText(join(folder, "ca.crt"));
  return { server: checkedServer(server, "the address of the API server"), authority, token: tokenFile(join(folder, "token")) };
}

/** The current context of a kubeconfig. `server` replaces the address that stands there. Throws STORE_CREDENTIALS. */
export async function kubeconfigCredentials(path: string, server?: string): Promise<KubernetesCredentials> {
  const { cluster, user } = await currentContext(await readText(path), path);
  const address = server ?? cluster.server;
  if (address === undefined) throw unusable(path, "its cluster has no server");
  if (cluster["insecure-skip-tls-verify"] === true) throw unusable(path, "insecure-skip-tls-verify is not supported: name the authority");
  const read = (data: string | undefined, file: string | undefined) =>
    data !== undefined ? Buffer.from(data, "base64").toString() : file === undefined ? undefined : readText(resolve(dirname(path), file));
  const authority = await read(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  return {
    server: checkedServer(address, path),
    ...(authority === undefined ? {} : { authority }),
    ...(cluster["tls-server-name"] === undefined ? {} : { serverName: cluster["tls-server-name"] }),
    ...(await identity(user, path, read)),
  };
}

type Read = (data: string | undefined, file: string | undefined) => string | undefined | Promise<string>;

async function identity(user: User, path: string, read: Read): Promise<Pick<KubernetesCredentials, "client" | "token">> {
  const certificate = await read(user["client-certificate-data"], user["client-certificate"]);
  const key = await read(user["client-key-data"], user["client-key"]);
  const token = tokenOf(user, path);
  if (token === undefined && (certificate === undefined || key === undefined)) {
    const plugin = user.exec !== undefined || user["auth-provider"] !== undefined;
    const problem = plugin ? "its user is one of a credential plugin, and those are not run here" : "its user has neither";
    throw unusable(path, `${problem}: a token, a token file or a client certificate is needed`);
  }
  return {
    ...(certificate === undefined || key === undefined ? {} : { client: { certificate, key } }),
    ...(token === undefined ? {} : { token }),
  };
}

function checkedServer(server: string, where: string): string {
  if (URL.parse(server)?.protocol !== "https:") throw unusable(where, `${JSON.stringify(server)} is no https URL`);
  return server;
}

function unusable(where: string, problem: string, cause?: unknown): PharosError {
  return new PharosError(STORE_CREDENTIALS, `${where}: ${problem}`, cause === undefined ? {} : { cause });
}

interface Cluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
}

interface User {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly exec?: unknown;
  readonly "auth-provider"?: unknown;
}

interface Kubeconfig {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context?: { readonly cluster?: string; readonly user?: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster?: Cluster }[];
  readonly users?: readonly { readonly name: string; readonly user?: User }[];
}

async function currentContext(text: string, path: string): Promise<{ readonly cluster: Cluster; readonly user: User }> {
  let found: { readonly cluster: Cluster | undefined; readonly user: User | undefined };
  try {
    const config = await parsed(text);
    const context = named(config?.contexts, config?.["current-context"])?.context;
    found = { cluster: named(config?.clusters, context?.cluster)?.cluster, user: named(config?.users, context?.user)?.user };
  } catch (error) {
    throw unusable(path, "it is no kubeconfig", error);
  }
  const { cluster, user } = found;
  if (cluster === undefined || user === undefined) throw unusable(path, "it has no current context with a cluster and a user");
  return { cluster, user };
}

/** A kubeconfig is YAML, and may be JSON. YAML's library is loaded only where it is needed: it costs an agent 2 MB. */
async function parsed(text: string): Promise<Kubeconfig | null> {
  if (text.startsWith("{")) return JSON.parse(text) as Kubeconfig;
  const { parseYaml } = await import("./parse-yaml.ts");
  return parseYaml(text) as Kubeconfig | null;
}

function named<T extends { readonly name: string }>(all: readonly T[] | undefined, name: string | undefined): T | undefined {
  return all?.find((one) => one.name === name);
}

function tokenOf({ token, tokenFile: file }: User, path: string): (() => Promise<string>) | undefined {
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
