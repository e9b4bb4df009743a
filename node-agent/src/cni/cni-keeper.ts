import { watch } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PLUGIN_TYPE, type PluginPlaces, pluginConfigurationList } from "@pharos/attach";
import { type Clock, type CodeEntry, describeError, type Finding, isSystemError, type Log, Wake } from "@pharos/base";
import { AGENT_CNI_FOREIGN, AGENT_CNI_NOT_INSTALLED, AGENT_CNI_SHADOWED } from "../codes.ts";
import type { CniFolders } from "./cni-folders.ts";
import { installExecutable, installText, linkIfMissing, versionOfFile } from "./install-file.ts";
import { CONFLIST_NAME, isConfigurationName, type PresentConfigurations, presentConfigurations } from "./present-configurations.ts";

export interface CniKeeperOptions {
  readonly folders: CniFolders;
  /** The plugin's executable. */
  readonly plugin: string;
  readonly places: PluginPlaces;
  /** False: beside a foreign network; container runtimes get no configuration, and the plugin only in `folders.binDirs`. */
  readonly conflist: boolean;
  /** True once the host's network is committed, with data for the plugin. */
  readonly isReady: () => boolean;
  /** After a change of `standing`. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What container runtimes find of us on this host. */
export interface CniStanding {
  /** `waits`: for the host's network. */
  readonly state: "waits" | "installed" | "beside" | "foreign" | "failed";
  readonly findings: readonly Finding[];
}

/** The plugin that container runtimes execute for each pod besides the network's own; ours answers to that name, too. */
const LOOPBACK = "loopback";
/** Look at the folders when nothing else wakes the keeper. */
const ROUND_MS = 30_000;

/**
 * Keeps the plugin's executable and its configuration where container runtimes look for them. The configuration is written only when
 * pods can have a network, is never removed (without one a runtime cannot even remove pods), and never takes the place of another
 * network's.
 */
export class CniKeeper {
  readonly #options: CniKeeperOptions;
  readonly #wake: Wake;
  /** Versions of executable and target after the last comparison of their contents. */
  readonly #compared = new Map<string, string>();
  #standing: CniStanding = { state: "waits", findings: [] };

  constructor(options: CniKeeperOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  get standing(): CniStanding {
    return this.#standing;
  }

  /** Something that the keeper reads has changed. */
  call(): void {
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    for (const folder of this.#options.conflist ? this.#options.folders.confDirs : []) await this.#watch(folder, signal);
    while (!signal.aborted) {
      this.#take(await this.#settle());
      await this.#wake.wait(ROUND_MS, signal);
    }
  }

  async #watch(folder: string, signal: AbortSignal): Promise<void> {
    try {
      await mkdir(folder, { recursive: true });
      watch(folder, { signal, persistent: false }, () => this.#wake.ring()).on("error", () => {});
    } catch (error) {
      this.#options.log.debug("folder is not watched, looking at it from time to time", { folder, error: describeError(error) });
    }
  }

  #take(next: CniStanding): void {
    const textOf = ({ state, findings }: CniStanding) =>
      [state, ...findings.map(({ code, description }) => `${code} ${description}`)].join("\n");
    if (textOf(next) === textOf(this.#standing)) return;
    this.#standing = next;
    const { log } = this.#options;
    for (const { code, description, recommendation } of next.findings) log.error(`${code} ${description}`, { recommendation });
    if (next.state === "installed") log.info("container runtimes find the plugin", { folders: this.#options.folders.confDirs.join(" ") });
    this.#options.onChange();
  }

  async #settle(): Promise<CniStanding> {
    const { folders, conflist, isReady } = this.#options;
    const findings: Finding[] = [];
    for (const folder of folders.binDirs) findings.push(...(await this.#installPlugin(folder)));
    if (findings.length > 0) return { state: "failed", findings };
    if (!conflist) return { state: "beside", findings };
    if (!isReady()) return { state: "waits", findings };
    const states: CniStanding["state"][] = [];
    for (const folder of folders.confDirs) {
      const outcome = await this.#installConfiguration(folder);
      states.push(outcome.state);
      findings.push(...outcome.findings);
    }
    const state = (["failed", "foreign"] as const).find((bad) => states.includes(bad)) ?? "installed";
    return { state, findings };
  }

  async #installPlugin(folder: string): Promise<readonly Finding[]> {
    const { plugin, conflist, log } = this.#options;
    const target = join(folder, PLUGIN_TYPE);
    try {
      const versions = async () => `${await versionOfFile(plugin)}\n${await versionOfFile(target)}`;
      if (this.#compared.get(target) !== (await versions())) {
        if (await installExecutable(plugin, target)) log.info("plugin installed", { path: target });
        this.#compared.set(target, await versions());
      }
      if (conflist && (await linkIfMissing(join(folder, LOOPBACK), PLUGIN_TYPE))) log.info("loopback linked to the plugin", { folder });
      return [];
    } catch (error) {
      return [finding(AGENT_CNI_NOT_INSTALLED, `${plugin} cannot be installed as ${target}: ${describeError(error)}`)];
    }
  }

  async #installConfiguration(folder: string): Promise<CniStanding> {
    try {
      const present = await readConfigurations(folder);
      const wanted = `${JSON.stringify(pluginConfigurationList(this.#options.places), undefined, 2)}\n`;
      // Where we are the network already we stay it: pods run with it.
      if (present.own === undefined && present.foreign.length > 0) return { state: "foreign", findings: [foreign(folder, present)] };
      if (present.own !== wanted) await installText(join(folder, CONFLIST_NAME), wanted);
      const before = present.foreign.filter((name) => name < CONFLIST_NAME);
      return {
        state: "installed",
        findings: before.map((name) => finding(AGENT_CNI_SHADOWED, `${join(folder, name)} comes before ${CONFLIST_NAME}`)),
      };
    } catch (error) {
      const description = `${CONFLIST_NAME} cannot be installed in ${folder}: ${describeError(error)}`;
      return { state: "failed", findings: [finding(AGENT_CNI_NOT_INSTALLED, description)] };
    }
  }
}

async function readConfigurations(folder: string): Promise<PresentConfigurations> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  });
  const wanted = names.filter(isConfigurationName);
  // A dangling link is a configuration that cannot be read.
  const files = await Promise.all(
    wanted.map(async (name) => ({ name, content: await readFile(join(folder, name), "utf8").catch(() => "") })),
  );
  return presentConfigurations(files);
}

function foreign(folder: string, { foreign: names }: PresentConfigurations): Finding {
  return finding(AGENT_CNI_FOREIGN, `${names.map((name) => join(folder, name)).join(", ")} configures another network`);
}

function finding({ code, action }: CodeEntry, description: string): Finding {
  return { code, severity: "ERROR", path: "", description, recommendation: action };
}
