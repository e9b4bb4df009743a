import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Authority, makeAuthority } from "./authority.ts";
import { type Program, startProgram } from "./program.ts";

export interface ApiServerOptions {
  /** Takes the data, certificates and logs; the caller removes it. */
  readonly folder: string;
  readonly programs: { readonly etcd: string; readonly kubeApiserver: string };
  /** Address that clients reach the server under; 127.0.0.1 when not given. */
  readonly address?: string;
  /** Ports; free ones when not given. */
  readonly port?: number;
  readonly serviceRange?: string;
  /** Arguments for kube-apiserver beyond ours. */
  readonly args?: readonly string[];
}

/** What a client needs to be somebody at the API server; all of it PEM but the URL. */
export interface ClientCredentials {
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** A real Kubernetes API server with an etcd of its own. */
export interface ApiServer {
  readonly url: string;
  readonly folder: string;
  readonly authority: Authority;
  /** Signs service accounts' tokens, PEM file. */
  readonly serviceAccountKey: string;
  /** Path of the cluster administrator's kubeconfig. */
  readonly kubeconfig: string;
  credentials(user: string, groups?: readonly string[]): Promise<ClientCredentials>;
  /** Writes a kubeconfig for a user; returns its path. */
  writeKubeconfig(user: string, groups?: readonly string[]): Promise<string>;
  /** The server's process alone; etcd goes on. */
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Stops (SIGSTOP) and continues the server's process. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** Starts etcd (without fsync: what it holds is thrown away) and kube-apiserver with RBAC; resolves when it answers /readyz. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { folder, address = "127.0.0.1" } = options;
  mkdirSync(folder, { recursive: true });
  const authority = await makeAuthority("pharos-test-cluster");
  const [etcdPort, peerPort, freePort] = await freePorts(3);
  const port = options.port ?? freePort;
  const url = `https://${address}:${port}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const serviceAccountKey = await writeKeys(folder, authority, address);
  const etcd = startProgram({ command: etcdCommand(options, etcdUrl, `http://127.0.0.1:${peerPort}`), log: join(folder, "etcd.log") });
  const command = serverCommand(options, { etcdUrl, port, serviceAccountKey });
  let server: Program | undefined;
  const credentials = async (user: string, groups: readonly string[] = []) => ({
    server: url,
    authority: authority.certificate,
    ...(await authority.issue({ commonName: user, organizations: groups })),
  });
  const writeKubeconfig = async (user: string, groups: readonly string[] = []) => {
    const path = join(folder, `${user.replaceAll(/[^\w.-]/g, "_")}.kubeconfig`);
    writeFileSync(path, kubeconfigText(await credentials(user, groups)), { mode: 0o600 });
    return path;
  };
  const admin = await credentials("admin", ["system:masters"]);
  const startServer = async () => {
    server = startProgram({ command, log: join(folder, "kube-apiserver.log") });
    await untilReady(admin, server);
  };
  try {
    await startServer();
  } catch (error) {
    await server?.stop();
    await etcd.stop();
    throw error;
  }
  return {
    url,
    folder,
    authority,
    serviceAccountKey,
    kubeconfig: await writeKubeconfig("admin", ["system:masters"]),
    credentials,
    writeKubeconfig,
    stopServer: async () => server?.stop(),
    startServer,
    pause: () => server?.signal("SIGSTOP"),
    resume: () => server?.signal("SIGCONT"),
    stop: async () => {
      await server?.stop();
      await etcd.stop();
    },
  };
}

function etcdCommand({ folder, programs }: ApiServerOptions, client: string, peer: string): readonly string[] {
  return [
    ...[programs.etcd, "--data-dir", join(folder, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
  ];
}

interface ServerPlace {
  readonly etcdUrl: string;
  readonly port: number;
  readonly serviceAccountKey: string;
}

function serverCommand(options: ApiServerOptions, { etcdUrl, port, serviceAccountKey }: ServerPlace): readonly string[] {
  const { folder, programs, address = "127.0.0.1", serviceRange = "10.96.0.0/16", args = [] } = options;
  const flags = {
    "etcd-servers": etcdUrl,
    "bind-address": address === "127.0.0.1" ? address : "0.0.0.0",
    "advertise-address": address,
    "secure-port": String(port),
    "service-cluster-ip-range": serviceRange,
    "authorization-mode": "Node,RBAC",
    "client-ca-file": join(folder, "authority.pem"),
    "tls-cert-file": join(folder, "server.pem"),
    "tls-private-key-file": join(folder, "server.key"),
    "kubelet-client-certificate": join(folder, "server.pem"),
    "kubelet-client-key": join(folder, "server.key"),
    "service-account-key-file": serviceAccountKey,
    "service-account-signing-key-file": serviceAccountKey,
    "service-account-issuer": "https://kubernetes.default.svc",
    "allow-privileged": "true",
    "shutdown-delay-duration": "0s",
    "kubelet-preferred-address-types": "InternalIP",
  };
  return [programs.kubeApiserver, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...args];
}

/** Writes the authority, the server's certificate and the service accounts' key; returns the path of the last. */
async function writeKeys(folder: string, authority: Authority, address: string): Promise<string> {
  const server = await authority.issue({
    commonName: "kube-apiserver",
    organizations: ["system:masters"],
    names: [...new Set(["127.0.0.1", "localhost", address, "10.96.0.1", "kubernetes", "kubernetes.default.svc"])],
  });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const accounts = join(folder, "service-accounts.key");
  writeFileSync(join(folder, "authority.pem"), authority.certificate);
  writeFileSync(join(folder, "server.pem"), server.certificate);
  writeFileSync(join(folder, "server.key"), server.key, { mode: 0o600 });
  writeFileSync(accounts, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  return accounts;
}

/** A kubeconfig that holds these credentials inline. */
export function kubeconfigText({ server, authority, certificate, key }: ClientCredentials): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "pharos", cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [{ name: "pharos", user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } }],
    contexts: [{ name: "pharos", context: { cluster: "pharos", user: "pharos" } }],
    "current-context": "pharos",
  });
}

async function untilReady(credentials: ClientCredentials, program: Program): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (!program.isRunning()) break;
    if (await answersReady(credentials)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the API server did not become ready: read ${program.log}`);
}

function answersReady({ server, authority, certificate, key }: ClientCredentials): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(`${server}/readyz`, { ca: authority, cert: certificate, key, timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(false));
    call.end();
  });
}

/** Ports of 127.0.0.1 that nobody listens on now. */
async function freePorts(count: 3): Promise<[number, number, number]>;
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
