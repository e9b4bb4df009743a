// One vehicle of one host on a real API server, with real daemons, for tests of what goes wrong.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiWithKinds, startApiWithoutKinds } from "@pharos/lab/kubernetes";
import { TestNode } from "@pharos/node-agent/test-node";
import { eventually, startDaemon, type TestDaemon } from "./test-daemon.ts";

export const HOST = "soc1";
const NAMESPACE = "pharos-system";
const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"];

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A network namespace as a Kubernetes node, an API server, an operator and an agent. */
export class TestVehicle {
  readonly api: ApiWithKinds;
  readonly node: TestNode;
  #operators = 0;
  readonly #running: TestDaemon[] = [];

  private constructor(api: ApiWithKinds, node: TestNode) {
    this.api = api;
    this.node = node;
  }

  /** Without CRDs at first. */
  static async start(env: NodeJS.ProcessEnv): Promise<TestVehicle> {
    const api = await startApiWithoutKinds(env);
    const common = { folder: api.folder, kubeconfig: api.kubeconfig, apiPort: Number(new URL(api.url).port) };
    const vehicle = new TestVehicle(api, new TestNode({ name: "n1", prefix: `phft${process.pid}`, ...common }));
    for (const command of [
      ["link", "add", "eth0", "type", "veth", "peer", "name", "wire0"],
      ["link", "set", "eth0", "up"],
      ["link", "set", "wire0", "up"],
      ["address", "add", "10.77.0.1/24", "dev", "eth0"],
    ])
      vehicle.node.run(["ip", ...command]);
    api.kubectl(["create", "namespace", NAMESPACE]);
    const metadata = { name: "n1", labels: { "pharos.io/host": HOST } };
    vehicle.apply({ apiVersion: "v1", kind: "Node", metadata, spec: { podCIDR: "10.42.0.0/24" } });
    return vehicle;
  }

  apply(...items: readonly object[]): void {
    this.api.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  }

  async startOperator({
    kubeconfig = this.api.kubeconfig,
    env,
  }: {
    kubeconfig?: string;
    env?: NodeJS.ProcessEnv;
  } = {}): Promise<TestDaemon> {
    this.#operators += 1;
    const identity = `operator-${this.#operators}`;
    const args = ["operator", "--namespace", NAMESPACE, "--identity", identity, "--kubeconfig", kubeconfig];
    const daemon = await startDaemon(this.api.folder, identity, args, env);
    this.#running.push(daemon);
    return daemon;
  }

  /** A kubeconfig of a user who may do all but what concerns one kind. */
  async userWithout(user: string, plural: string): Promise<string> {
    const kinds = ["nodes", "bridges", "routingconfigs", "securityconfigs", "servicedeployments"];
    const ours = [...kinds, "configrevisions", "hostreports", "podnetworks", "serviceregistrations"].filter((kind) => kind !== plural);
    const rules = [
      { apiGroups: ["pharos.io"], resources: ours.flatMap((kind) => [kind, `${kind}/status`]), verbs: VERBS },
      { apiGroups: ["", "apps", "discovery.k8s.io", "coordination.k8s.io", "events.k8s.io"], resources: ["*"], verbs: VERBS },
    ];
    const rbac = "rbac.authorization.k8s.io";
    const roleRef = { apiGroup: rbac, kind: "ClusterRole", name: user };
    this.apply(
      { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: user }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: user },
        roleRef,
        subjects: [{ apiGroup: rbac, kind: "User", name: user }],
      },
    );
    return this.api.writeKubeconfig(user);
  }

  /** A condition of an object, as soon as it has this status. */
  condition(kind: string, name: string, { type, status }: Pick<Condition, "type" | "status">): Promise<Condition> {
    return this.eventually(`${type} ${status} of ${kind} ${name}`, () => {
      const text = this.api.kubectl(["get", kind, name, "-o", "json"]);
      const { conditions = [] } = (JSON.parse(text) as { readonly status?: { readonly conditions?: readonly Condition[] } }).status ?? {};
      return conditions.find((each) => each.type === type && each.status === status);
    });
  }

  /** Resolves when the API server keeps an event whose reason and note contain these. */
  async event(reason: string, note: string): Promise<void> {
    await this.eventually(`event ${reason} with ${note}`, () => {
      const text = this.api.kubectl(["get", "events.events.k8s.io", "-A", "-o", "jsonpath={range .items[*]}{.reason} {.note}{'\\n'}{end}"]);
      return text.split("\n").some((line) => line.startsWith(`${reason} `) && line.includes(note));
    });
  }

  /** Resolves when a log says this. */
  async says(log: () => string, text: string): Promise<string> {
    return this.eventually(text, () =>
      log()
        .split("\n")
        .find((line) => line.includes(text)),
    );
  }

  eventually<T>(what: string, read: () => T | undefined | false): Promise<T> {
    return eventually(what, async () => quiet(read)).catch((error: Error) => {
      const logs = [...this.#running.map(logOf), this.node.log()].map((log) => log.slice(-2500));
      throw new Error(`${error.message}\n${logs.join("\n---\n")}`);
    });
  }

  /** The network in the node's kernel as text: links, addresses, routes, rules and nftables, without what counts or ages. */
  kernel(): string {
    const shown = [
      ["ip", "link"],
      ["ip", "address"],
      ["ip", "rule"],
      ["ip", "route", "show", "table", "all"],
      ["nft", "list", "ruleset"],
    ];
    const lines = shown.flatMap((command) => this.node.run(command).split("\n"));
    // The kernel gives link-local addresses (RFC 4862) by itself, some seconds after a link is there.
    const meant = lines.filter((line) => !/\bfe80:|\bff00:/.test(line));
    return meant.map((line) => line.replaceAll(/packets \d+ bytes \d+|(expires|valid_lft|preferred_lft) \S+/g, "$1")).join("\n");
  }

  pings(pod: string, address: string): boolean {
    return quiet(() => this.node.run(["ping", "-c1", "-W1", address], pod).includes(" 0% packet loss")) ?? false;
  }

  hasConflist(): boolean {
    return existsSync(this.node.conflist);
  }

  file(name: string): string {
    return join(this.api.folder, name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((daemon) => daemon.stop()));
    await this.node.remove();
    await this.api.stop();
  }
}

export function logOf({ log }: { readonly log: string }): string {
  return readFileSync(log, "utf8");
}

function quiet<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
