import type { Checked, Finding } from "@pharos/base";
import type { HostState } from "@pharos/hoststate";
import { INTERFACE_ABSENT } from "../codes.ts";
import type { HostFacts } from "../documents.ts";
import { found } from "../found.ts";
import type { Host } from "../vehicle/model.ts";

/**
 * Leaves out what needs an interface that the host does not have at the moment, with a warning: a VM's end on its SoC appears when
 * the VM boots, and until then everything else has to work. The agent compiles again when links change.
 */
export function withoutAbsentLinks(
  state: HostState,
  { host, facts }: { readonly host: Host; readonly facts: HostFacts },
): Checked<HostState> {
  const here = new Set(facts.interfaces.map((intf) => intf.name));
  const absent = state.links.filter((link) => link.kind === "physical" && !here.has(link.name)).map((link) => link.name);
  if (absent.length === 0) return { value: state, findings: [] };
  const gone = new Set(absent);
  const value: HostState = {
    ...state,
    links: state.links.filter((link) => !gone.has(link.name)),
    addresses: state.addresses.filter((address) => !gone.has(address.link)),
    routes: state.routes.filter((route) => route.link === undefined || !gone.has(route.link)),
    sysctls: state.sysctls.filter((sysctl) => !absent.some((name) => sysctl.path.split("/")[3] === name)),
  };
  return { value, findings: absent.map((name) => absence(host, name)) };
}

function absence(host: Host, name: string): Finding {
  const at = host.interfaces.find((intf) => intf.name === name)?.origin ?? host.origin;
  const says = `${host.name} has no interface ${name} at the moment; it is set up when it appears`;
  return found({ code: INTERFACE_ABSENT, at, says, severity: "WARNING" });
}
