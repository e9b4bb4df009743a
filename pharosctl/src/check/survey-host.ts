import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import type { HostSurvey, SurveyedInterface } from "./survey.ts";

/** Where runtimes look for CNI configurations, k3s' first. */
const CNI_FOLDERS = ["/var/lib/rancher/k3s/agent/etc/cni/net.d", "/etc/cni/net.d"] as const;
const K3S_UNITS = ["/etc/systemd/system/k3s.service", "/etc/systemd/system/k3s-agent.service"] as const;
const K3S_CONFIG = "/etc/rancher/k3s/config.yaml";
const COMMAND_MS = 5000;

/** Looks at this machine; `root` is put before all paths of files. Nothing is changed. */
export async function surveyHost(root: string): Promise<HostSurvey> {
  const nft = await output("nft", ["--version"]);
  const tables = nft.text === undefined ? {} : await output("nft", ["list", "tables"]);
  const k3s = k3sArguments(root);
  return {
    kernel: release(),
    nft: /v(\d+(?:\.\d+)+)/.exec(nft.text ?? "")?.[1],
    ...(tables.problem === undefined ? {} : { nftProblem: tables.problem }),
    hasIp: (await output("ip", ["-V"])).text !== undefined,
    hasTc: (await output("tc", ["-V"])).text !== undefined,
    bridgeNetfilter: existsSync("/proc/sys/net/bridge"),
    ipv6: existsSync("/proc/sys/net/ipv6"),
    interfaces: await interfaces(root),
    cniFiles: CNI_FOLDERS.flatMap((folder) => cniFiles(join(root, folder))),
    ...(k3s === undefined ? {} : { k3s }),
  };
}

interface IpAddress {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link_type?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[];
}

async function interfaces(root: string): Promise<readonly SurveyedInterface[]> {
  const { text } = await output("ip", ["-j", "-d", "address", "show"]);
  const all = text === undefined ? [] : (JSON.parse(text) as readonly IpAddress[]);
  return all
    .filter(({ link_type: type }) => type !== "loopback")
    .map(({ ifindex, ifname, linkinfo, addr_info = [] }) => {
      const manager = managerOf(root, ifindex);
      return {
        name: ifname,
        addresses: addr_info.flatMap(({ local, prefixlen, scope }) =>
          local === undefined || scope === "link" ? [] : [`${local}/${prefixlen}`],
        ),
        virtual: linkinfo?.info_kind !== undefined,
        ...(manager === undefined ? {} : { manager }),
      };
    });
}

/** Both keep a file per interface that they manage, by its index. */
function managerOf(root: string, index: number): SurveyedInterface["manager"] {
  if (existsSync(join(root, `run/NetworkManager/devices/${index}`))) return "NetworkManager";
  return existsSync(join(root, `run/systemd/netif/links/${index}`)) ? "networkd" : undefined;
}

function cniFiles(folder: string): HostSurvey["cniFiles"] {
  return filesIn(folder)
    .filter((name) => /\.(conf|conflist|json)$/.test(name))
    .map((name) => ({ path: join(folder, name), types: cniTypes(readText(join(folder, name)) ?? "") }));
}

function cniTypes(text: string): readonly string[] {
  try {
    const { type, plugins = [] } = JSON.parse(text) as { readonly type?: string; readonly plugins?: readonly { readonly type?: string }[] };
    return [type, ...plugins.map((plugin) => plugin.type)].filter((one) => one !== undefined);
  } catch {
    return ["unreadable"];
  }
}

/** How k3s is started: the unit's command line, and what its configuration file adds. */
function k3sArguments(root: string): HostSurvey["k3s"] {
  const unit = K3S_UNITS.map((path) => join(root, path)).find((path) => existsSync(path));
  const config = readText(join(root, K3S_CONFIG));
  if (unit === undefined && config === undefined) return undefined;
  const command = /ExecStart=((?:[^\n]*\\\n)*[^\n]*)/.exec((unit === undefined ? undefined : readText(unit)) ?? "")?.[1] ?? "";
  const given = command.split(/[\s\\]+/).map((word) => word.replace(/^'|'$/g, ""));
  const configured = [...(config ?? "").matchAll(/^([\w-]+):\s*"?([^"\n#]*)"?/gm)].map(([, key, value]) => `--${key}=${value?.trim()}`);
  return { arguments: [...given, ...configured].filter((word) => word !== ""), from: unit ?? join(root, K3S_CONFIG) };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A program's output, or why there is none; both undefined when the program is not there. */
function output(program: string, args: readonly string[]): Promise<{ readonly text?: string; readonly problem?: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: COMMAND_MS }, (error, stdout, stderr) => {
      if (error === null) resolve({ text: stdout });
      else if (error.code === "ENOENT") resolve({});
      else resolve({ problem: stderr.trim().split("\n")[0] || error.message });
    });
  });
}
