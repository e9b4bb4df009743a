import { hasErrors, PharosError } from "@pharos/base";
import { buildVehicle, type DocumentSet, type ExplainQuery, type Explanation, explain, type Live } from "@pharos/compiler";
import type { PlacedDocument } from "@pharos/documents";
import { ApiClient } from "../api-client.ts";
import { CTL_FINDINGS, CTL_USAGE } from "../codes.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { liveContent, livePods } from "../live-documents.ts";
import { type OutputFormat, printValue, type Terminal } from "../terminal.ts";
import { contentOf, findingLines, placeOf, readVehicleFiles, requireVehicle } from "../vehicle-files.ts";

export interface ExplainOptions {
  readonly from: string;
  readonly to: string;
  /** `tcp/50000`, `udp/7400`, `icmp`, `grpc/50051`. */
  readonly traffic: string;
  /** Documents; none: a running Pharos is asked. */
  readonly files: readonly string[];
  readonly server: string;
  readonly format: OutputFormat;
}

interface Sources {
  readonly documents: DocumentSet;
  readonly content: ReturnType<typeof contentOf>;
  readonly live?: Live;
  readonly placed: readonly PlacedDocument[];
}

/** `explain`: the verdict about a new flow, and the document, line and rule that decide. Exit code 4 when it does not pass. */
export async function explainCommand(options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const query = { from: options.from, to: options.to, ...parseTraffic(options.traffic) };
  const { documents, content, live, placed } =
    options.files.length > 0 ? await fromFiles(options.files, terminal) : await fromServer(options.server);
  const vehicle = buildVehicle(content).value;
  if (vehicle === undefined) throw new PharosError(CTL_FINDINGS, "no Node document describes a vehicle");
  const { value, findings } = explain({ vehicle, documents, ...(live === undefined ? {} : { live }) }, query);
  if (value === undefined || hasErrors(findings)) {
    terminal.err(findingLines(findings));
    return EXIT.usage;
  }
  const place = value.document === undefined ? undefined : placeOf(placed, value.document, value.path ?? "");
  const answer = place === undefined ? value : { ...value, place };
  printValue(terminal, options.format, answer, () => explanationText(options, value, place));
  return value.verdict === "ACCEPT" || value.verdict === "UNGOVERNED" || value.audit ? EXIT.ok : EXIT.denied;
}

async function fromFiles(files: readonly string[], terminal: Terminal): Promise<Sources> {
  const read = await readVehicleFiles(files);
  requireVehicle(read, terminal);
  return { documents: read.documents, content: contentOf(read.documents), placed: read.placed };
}

async function fromServer(server: string): Promise<Sources> {
  const client = new ApiClient(server);
  try {
    const [content, live] = await Promise.all([liveContent(client), livePods(client)]);
    return { documents: content.documents, content, live, placed: [] };
  } finally {
    client.close();
  }
}

/** Parses `tcp/50000`; throws CTL_USAGE. */
export function parseTraffic(text: string): Pick<ExplainQuery, "protocol" | "port"> {
  const [protocol, port, ...rest] = text.toLowerCase().split("/");
  const known = (["tcp", "udp", "icmp", "dds", "grpc", "rest", "someip"] as const).find((name) => name === protocol);
  const number = port === undefined ? undefined : /^\d{1,5}$/.test(port) ? Number(port) : 0;
  const badPort = number !== undefined && (number < 1 || number > 65535 || known === "icmp");
  if (known === undefined || rest.length > 0 || badPort)
    throw new PharosError(CTL_USAGE, `${text}: write protocol/port, for example tcp/50000, or icmp`);
  return number === undefined ? { protocol: known } : { protocol: known, port: number };
}

function explanationText(options: ExplainOptions, value: Explanation, place: string | undefined): string {
  const addresses = value.source === undefined ? "" : ` (${value.source} → ${value.destination ?? "?"})`;
  const rule =
    value.document === undefined
      ? ""
      : `  rule    ${value.rule ?? ""}\n  in      ${value.document} ${value.path ?? ""}${place === undefined ? "" : `  (${place})`}\n`;
  const hops = value.hops.map((hop) => `  ${hop.host.padEnd(12)} ${hop.role.padEnd(8)} ${hop.verdict.padEnd(7)} ${hop.reason}\n`).join("");
  const audit = value.audit ? "  audit   it passes, and is counted and logged\n" : "";
  return `${value.verdict}  ${options.from} → ${options.to} ${options.traffic}${addresses}\n  because ${value.reason}\n${rule}${audit}${hops}`;
}
