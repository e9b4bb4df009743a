import type { Node } from "@pharos/kinds";
import { fieldsOf, textField } from "./yaml-fields.ts";

/** On which host of the vehicle the pod of a request runs. */
export type WantedHost =
  | { readonly kind: "host"; readonly host: string }
  /** Not said: whichever host has the pod. */
  | { readonly kind: "any" }
  | { readonly kind: "bad"; readonly reason: string };

interface Machine {
  readonly name: string;
  readonly addresses: readonly string[];
}

/**
 * Reads the documents of `node_yaml` and finds the host in the vehicle tree: by hostname, then by address. Takes
 * Pullpiri's `kind: Node` (spec.hostname, spec.ip_address) and the specification's vehicle tree, when it holds one machine.
 */
export function wantedHost(documents: readonly unknown[], nodes: readonly Node[]): WantedHost {
  const [document, ...more] = documents.filter((one) => one !== null && one !== undefined);
  if (document === undefined) return { kind: "any" };
  if (more.length > 0) return { kind: "bad", reason: "node_yaml holds several documents, one is expected" };
  const fields = fieldsOf(document);
  const kind = textField(fields ?? {}, "kind") ?? "";
  if (fields === undefined || kind.toLowerCase() !== "node") return { kind: "bad", reason: `node_yaml: kind "${kind}" is not Node` };
  const machines = nodes.flatMap(machinesOf);
  const spec = fieldsOf(fields.spec) ?? {};
  if (Array.isArray(spec.socs)) return ofTree(spec.socs, machines);
  const names = [textField(spec, "hostname"), textField(fieldsOf(fields.metadata) ?? {}, "name")].filter((name) => name !== undefined);
  const address = textField(spec, "ip_address");
  const found =
    names.map((name) => machines.find((machine) => machine.name === name)).find((machine) => machine !== undefined) ??
    machines.find(({ addresses }) => address !== undefined && addresses.includes(address));
  if (found !== undefined) return { kind: "host", host: found.name };
  const wanted = [...names, ...(address === undefined ? [] : [address])].join(", ");
  return {
    kind: "bad",
    reason: `node_yaml: ${wanted || "no hostname and no ip_address"} is no machine of this vehicle (${machines.map(({ name }) => name).join(", ")})`,
  };
}

function machinesOf({ spec }: Node): Machine[] {
  const all = spec.socs.flatMap((soc) => [soc, ...(soc.vms ?? [])]);
  return all.map(({ name, interfaces }) => ({
    name,
    addresses: (interfaces ?? []).flatMap(({ address }) => address?.split("/")[0] ?? []),
  }));
}

/** A tree with one VM, or with one SoC and no VM, names one machine. */
function ofTree(socs: readonly unknown[], machines: readonly Machine[]): WantedHost {
  const nameOf = (value: unknown): string | undefined => textField(fieldsOf(value) ?? {}, "name");
  const vmsOf = (soc: unknown): readonly unknown[] => {
    const vms = fieldsOf(soc)?.vms;
    return Array.isArray(vms) ? vms : [];
  };
  const leaves = socs.flatMap((soc) => (vmsOf(soc).length > 0 ? vmsOf(soc) : [soc])).map(nameOf);
  const [leaf] = leaves;
  if (leaves.length !== 1 || leaf === undefined) return { kind: "any" };
  if (machines.some(({ name }) => name === leaf)) return { kind: "host", host: leaf };
  return { kind: "bad", reason: `node_yaml: ${leaf} is no machine of this vehicle (${machines.map(({ name }) => name).join(", ")})` };
}
