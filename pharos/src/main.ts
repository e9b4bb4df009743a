import { hostname } from "node:os";
import { describeError, type LogLevel } from "@pharos/base";
import { Command, Option } from "commander";
import { callbackEndpoint } from "./callback-option.ts";
import { leanStart } from "./lean-process.ts";

interface CommonOptions {
  readonly logLevel: LogLevel;
  readonly logFormat: "json" | "text";
  readonly logDir?: string;
}

// The same process goes on under other settings: systemd, kubelet and the lab keep knowing it by its pid.
const lean = process.argv[2] === "agent" ? leanStart(process) : undefined;
if (lean !== undefined) process.execve?.(process.execPath, lean.args, lean.env);

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const program = new Command("pharos").description("The daemons of Pharos, the network orchestrator of a software-defined vehicle.");

function daemon(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--log-level <level>").choices(["debug", "info", "warn", "error"]).default("info"))
    .addOption(new Option("--log-format <format>").choices(["json", "text"]).default("text"))
    .option("--log-dir <folder>", "log files as well, rotated daily");
}

async function logOf(name: string, options: CommonOptions) {
  const { daemonLog } = await import("./log.ts");
  const { logLevel: level, logFormat: format, logDir: folder } = options;
  return daemonLog({ level, format, program: name, ...(folder === undefined ? {} : { folder }) });
}

const list = (value: string, before: readonly string[] = []): string[] => [...before, value];

daemon("standalone", "operator, bridge and embedded store in one process, for a vehicle without Kubernetes")
  .option("--data-dir <folder>", "store and outboxes", "/var/lib/pharos/control")
  .option("--listen <host:port>", "TCP address of the Pharos API (repeatable)", list)
  .option("--socket <path>", "unix socket of the Pharos API and of the agents' store service (repeatable)", list)
  .option("--plaintext-from <prefix>", "source beyond loopback that may call without TLS (repeatable)", list)
  .option("--callback <dialect=address>", "receiver of completions: spec=host:port or pullpiri=host:port (repeatable)", list)
  .action(async (options) => {
    const { standaloneCommand } = await import("./standalone-command.ts");
    const {
      dataDir,
      listen = ["127.0.0.1:9091"],
      socket: sockets = ["/run/pharos/pharos.sock"],
      plaintextFrom = [],
      callback = [],
    } = options;
    const callbacks = callback.map(callbackEndpoint);
    return standaloneCommand({ dataDir, listen, sockets, plaintextFrom, callbacks }, await logOf("standalone", options), stop.signal);
  });

function onKubernetes(command: Command): Command {
  return command
    .option("--namespace <name>", "namespace of Pharos' own objects", "pharos-system")
    .option("--kubeconfig <path>", "absent: the service account of the pod")
    .option("--api-server <url>", "https://host:port of the API server, reachable without any Service", inClusterServer())
    .option("--health <host:port>", "listener of /livez, /readyz and /metrics");
}

/** Where kubelet says that the API server is. */
function inClusterServer(): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (host === undefined || port === undefined) return undefined;
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

// Each command is imported when it is called: none pays for the others' libraries.
onKubernetes(daemon("agent", "keep this host's kernel in the state that the documents ask for"))
  .option(
    "--host <name>",
    "name of this SoC or VM in the Node document; absent: the hostname, or with --kubernetes what the core Node says",
  )
  .option("--store <address>", "store service: unix:/path or host:port", "unix:/run/pharos/pharos.sock")
  .option("--root <folder>", "prefix of all paths of this host", "/")
  .option("--plugin <path>", "the CNI plugin's executable", "/opt/cni/bin/pharos-cni")
  .option("--kubernetes", "this host is a node of a Kubernetes cluster, whose API is the store")
  .option("--node-name <name>", "name of its core Node", hostname())
  .option("--cni-conf-dir <folder>", "network configurations of the container runtime (repeatable); absent: looked for", list)
  .option("--cni-bin-dir <folder>", "plugins of the container runtime (repeatable); absent: looked for", list)
  .option(
    "--no-conflist",
    "beside another network: no configuration for the container runtime, and no plugin where --cni-bin-dir names no folder",
  )
  .action(async (options) => {
    if (options.kubernetes === true) {
      const { kubernetesAgentCommand } = await import("./kubernetes-agent-command.ts");
      const { cniConfDir = [], cniBinDir = [] } = options;
      return kubernetesAgentCommand({ ...options, cniConfDir, cniBinDir }, await logOf("agent", options), stop.signal);
    }
    const { agentCommand } = await import("./agent-command.ts");
    const { host = hostname() } = options;
    return agentCommand({ ...options, host }, (await logOf("agent", options)).child({ host }), stop.signal);
  });

onKubernetes(daemon("operator", "check and freeze the documents of a Kubernetes API; several may run, one leads"))
  .option("--identity <name>", "names this process in Leases and events", hostname())
  .action(async (options) => {
    const { operatorCommand } = await import("./operator-command.ts");
    await operatorCommand(options, await logOf("operator", options), stop.signal);
  });

onKubernetes(daemon("bridge", "the Pharos API in front of a Kubernetes API"))
  .option("--data-dir <folder>", "outboxes of callbacks", "/var/lib/pharos/control")
  .option("--listen <host:port>", "TCP address of the Pharos API (repeatable)", list)
  .option("--socket <path>", "unix socket of the Pharos API (repeatable)", list)
  .option("--plaintext-from <prefix>", "source beyond loopback that may call without TLS (repeatable)", list)
  .option("--callback <dialect=address>", "receiver of completions: spec=host:port or pullpiri=host:port (repeatable)", list)
  .action(async (options) => {
    const { listen = ["127.0.0.1:9091"], socket: sockets = [], plaintextFrom = [], callback = [] } = options;
    const { bridgeCommand } = await import("./bridge-command.ts");
    const settings = { ...options, listen, sockets, plaintextFrom, callbacks: callback.map(callbackEndpoint) };
    await bridgeCommand(settings, await logOf("bridge", options), stop.signal);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
process.exit();
