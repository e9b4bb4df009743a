import { type Finding, hasErrors } from "@pharos/base";
import type { DocumentSet } from "@pharos/compiler";
import { ApiClient } from "../api-client.ts";
import { checkClusterAfter, checkClusterBefore } from "../check/check-cluster.ts";
import { checkHost, finding } from "../check/check-host.ts";
import { type ClusterAccess, surveyCluster } from "../check/survey-cluster.ts";
import { surveyHost } from "../check/survey-host.ts";
import { CHECK_AGENT_NOT_COMMITTED } from "../codes.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { type OutputFormat, printValue, type Terminal, table } from "../terminal.ts";
import { readVehicleFiles } from "../vehicle-files.ts";

export interface CheckOptions {
  /** Before an installation: what stands in its way. Else: whether what is installed works. */
  readonly before: boolean;
  /** Documents that are going to be applied; may be none. */
  readonly files: readonly string[];
  /** Prefix of this machine's paths; undefined: the machine is left out. */
  readonly root?: string;
  /** Undefined: the cluster is left out. */
  readonly cluster?: ClusterAccess;
  /** Address of the Pharos API, asked for what runs where there is no cluster to ask. */
  readonly server: string;
  readonly format: OutputFormat;
}

/** `check` and `check --pre`: findings about this machine and the cluster, each with what to do. Exit code 3 when there are errors. */
export async function checkCommand(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const { files, format } = options;
  const read = files.length === 0 ? undefined : await readVehicleFiles(files);
  const found = options.before ? await foundBefore(options, read?.documents) : await foundAfter(options);
  const findings = [...(read?.findings ?? []), ...found];
  printValue(terminal, format, findings, () => findingsTable(findings));
  return hasErrors(findings) ? EXIT.findings : EXIT.ok;
}

async function foundBefore({ root, cluster }: CheckOptions, documents: DocumentSet | undefined): Promise<readonly Finding[]> {
  const host = root === undefined ? [] : checkHost(await surveyHost(root), documents);
  return cluster === undefined ? host : [...host, ...checkClusterBefore(await surveyCluster(cluster), documents)];
}

async function foundAfter({ cluster, server }: CheckOptions): Promise<readonly Finding[]> {
  if (cluster !== undefined) return checkClusterAfter(await surveyCluster(cluster));
  const client = new ApiClient(server);
  try {
    const { components } = await client.networkStatus("");
    // What was asked for and could not be had once says nothing about what runs.
    return components
      .filter(({ type, status }) => type !== "request" && status !== "up")
      .map(({ name, type, status }) => finding(CHECK_AGENT_NOT_COMMITTED, "ERROR", `${type} ${name} is ${status}`));
  } finally {
    client.close();
  }
}

function findingsTable(findings: readonly Finding[]): string {
  if (findings.length === 0) return "nothing stands in the way\n";
  const rows = findings.map(({ severity, code, description, recommendation }) => [severity, code, description, recommendation]);
  return table(["SEVERITY", "CODE", "WHAT", "WHAT TO DO"], rows);
}
