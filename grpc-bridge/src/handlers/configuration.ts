import { type Finding, hasErrors } from "@pharos/base";
import { documentTitle } from "@pharos/compiler";
import type {
  ApplyConfigurationRequest,
  ApplyConfigurationResponse,
  ConfigureVehicleNetworkRequest,
  ConfigureVehicleNetworkResponse,
  ValidateConfigurationRequest,
  ValidateConfigurationResponse,
} from "@pharos/rpc";
import { commitChange } from "../change/commit.ts";
import { issuesOf, summary } from "../documents/issues.ts";
import { type Proposal, propose } from "../documents/propose.ts";
import type { Audited } from "../server/unary.ts";
import type { HandlerContext } from "./context.ts";

/** ConfigureVehicleNetwork: the text is the whole network; Nodes, Bridges and RoutingConfigs that it lacks are deleted. */
export async function configureVehicleNetwork(
  { vehicleYaml, dryRun }: ConfigureVehicleNetworkRequest,
  context: HandlerContext,
): Promise<Audited<ConfigureVehicleNetworkResponse>> {
  const done = await change(context, { text: vehicleYaml, mode: "replace", dryRun });
  const { success, message, findings } = done;
  return { response: { success, message, validationIssues: issuesOf(findings) }, result: done.result, documents: done.documents };
}

/** ApplyConfiguration: the documents given are created or replaced, all others stay. */
export async function applyConfiguration(
  { configYaml, validateOnly }: ApplyConfigurationRequest,
  context: HandlerContext,
): Promise<Audited<ApplyConfigurationResponse>> {
  const { success, message, version, result, documents } = await change(context, {
    text: configYaml,
    mode: "upsert",
    dryRun: validateOnly,
  });
  return { response: { success, message, configVersion: version }, result, documents };
}

/** ValidateConfiguration: as ApplyConfiguration would see it; nothing is written. */
export async function validateConfiguration(
  { configYaml }: ValidateConfigurationRequest,
  context: HandlerContext,
): Promise<ValidateConfigurationResponse> {
  const { store } = await context.ready();
  const { findings } = await propose(store, { text: configYaml, mode: "upsert" });
  return { valid: !hasErrors(findings), issues: issuesOf(findings) };
}

interface ChangeRequest {
  readonly text: string;
  readonly mode: "replace" | "upsert";
  readonly dryRun: boolean;
}

interface Changed {
  readonly success: boolean;
  readonly message: string;
  readonly version: string;
  readonly findings: readonly Finding[];
  readonly result: string;
  readonly documents: readonly string[];
}

function change(context: HandlerContext, { text, mode, dryRun }: ChangeRequest): Promise<Changed> {
  return context.alone(async () => {
    const { store, view } = await context.ready();
    const proposal = await propose(store, { text, mode });
    const { findings, overlay } = proposal;
    const documents = namesIn(proposal);
    if (hasErrors(findings)) return { success: false, message: summary(findings), version: "", findings, result: "refused", documents };
    if (dryRun)
      return {
        success: true,
        message: `${documents.length} documents could be applied`,
        version: "",
        findings,
        result: "dry-run",
        documents,
      };
    const { clock, log, signal, connectedHosts, timing } = context;
    const result = await commitChange(overlay, {
      ...{ store, view, clock, log, signal, timeoutMs: timing.commitMs, noHostMs: timing.noHostMs },
      ...(connectedHosts === undefined ? {} : { connectedHosts }),
    });
    const version = result.kind === "committed" ? result.version : "";
    return {
      success: result.kind === "committed",
      message: result.message,
      version,
      findings,
      result: result.kind,
      documents: result.changed,
    };
  });
}

function namesIn({ overlay }: Proposal): readonly string[] {
  return [...overlay.apply.map(documentTitle), ...overlay.delete.map(({ kind, name }) => `-${kind}/${name}`)];
}
