/** Where an installation keeps its programs; `current` is a link to one version's folder. */
export const PROGRAM_FOLDER = "/opt/pharos";
const CURRENT = `${PROGRAM_FOLDER}/current`;

export interface UnitSettings {
  /** SoC or VM that this machine is in the Node document. */
  readonly host: string;
  /** Store service that the agent speaks to: `unix:/path` or `host:port`. */
  readonly store: string;
  /** Further arguments of `pharos agent`: on Kubernetes `--kubernetes`, `--kubeconfig` and what else it needs there. */
  readonly agentArguments: readonly string[];
  /** Further arguments of `pharos standalone`. */
  readonly standaloneArguments: readonly string[];
}

/** A systemd unit as it is written. */
export interface Unit {
  readonly name: string;
  readonly text: string;
}

/**
 * The agent starts early and needs no network: it makes it, from what it has on disk. What runs in the kernel stays when it
 * stops, so a stop or an update never cuts anybody off.
 */
export function agentUnit({ host, store, agentArguments }: UnitSettings): Unit {
  return unit("pharos-agent.service", {
    Unit: [
      ["Description", `Pharos agent of ${host}`],
      ["After", "local-fs.target systemd-modules-load.service systemd-sysctl.service"],
      ["Before", "network.target"],
      ["Wants", "network.target"],
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "exec"],
      ["ExecStartPre", "-/sbin/modprobe -a br_netfilter nf_tables"],
      ["ExecStart", command(["agent", "--host", host, "--store", store, "--plugin", "/opt/cni/bin/pharos-cni", ...agentArguments])],
      ["Restart", "always"],
      ["RestartSec", "1"],
      ["KillMode", "mixed"],
      ["OOMScoreAdjust", "-900"],
      ["CapabilityBoundingSet", "CAP_NET_ADMIN CAP_SYS_ADMIN CAP_NET_RAW CAP_DAC_OVERRIDE CAP_SYS_PTRACE CAP_SYS_MODULE"],
      ["NoNewPrivileges", "yes"],
      ["ProtectHome", "yes"],
      ["ProtectClock", "yes"],
      ["RestrictRealtime", "yes"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/** Operator, bridge and store of a vehicle without Kubernetes; it has no rights over the kernel. */
export function standaloneUnit({ standaloneArguments }: UnitSettings): Unit {
  return unit("pharos-standalone.service", {
    Unit: [
      ["Description", "Pharos control plane"],
      ["After", "local-fs.target"],
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "exec"],
      ["ExecStart", command(["standalone", ...standaloneArguments])],
      ["Restart", "always"],
      ["RestartSec", "1"],
      ["StateDirectory", "pharos"],
      ["RuntimeDirectory", "pharos"],
      ["RuntimeDirectoryPreserve", "yes"],
      ["CapabilityBoundingSet", ""],
      ["NoNewPrivileges", "yes"],
      ["ProtectSystem", "strict"],
      ["ProtectHome", "yes"],
      ["PrivateDevices", "yes"],
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

function command(args: readonly string[]): string {
  return [`${CURRENT}/node`, `${CURRENT}/pharos.mjs`, ...args].map(quoted).join(" ");
}

/** systemd.syntax(7): words with spaces or quotes are quoted; % begins a specifier, $ a variable. */
function quoted(word: string): string {
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$[\]-]+$/.test(plain) ? plain : `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function unit(name: string, sections: Readonly<Record<string, readonly (readonly [string, string])[]>>): Unit {
  const parts = Object.entries(sections).map(([section, lines]) =>
    [`[${section}]`, ...lines.map(([key, value]) => `${key}=${value}`)].join("\n"),
  );
  return { name, text: `# Written by pharosctl install.\n${parts.join("\n\n")}\n` };
}
