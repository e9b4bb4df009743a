import { ApiClient } from "../api-client.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { type OutputFormat, printValue, type Terminal, table } from "../terminal.ts";

/** `status`: the components of the vehicle as GetNetworkStatus tells them. */
export async function statusCommand(server: string, filter: string, format: OutputFormat, terminal: Terminal): Promise<ExitCode> {
  const client = new ApiClient(server);
  try {
    const { components } = await client.networkStatus(filter);
    const rows = components.map((item) => [item.name, item.type, item.status, item.ipAddress, item.connectedTo.join(", ")]);
    printValue(terminal, format, components, () => table(["NAME", "TYPE", "STATUS", "ADDRESS", "CONNECTED TO"], rows));
    return EXIT.ok;
  } finally {
    client.close();
  }
}
