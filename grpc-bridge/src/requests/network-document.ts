import type { Bridge } from "@pharos/kinds";
import { fieldsOf, textField } from "./yaml-fields.ts";

/** Which network a request asks for. */
export type WantedNetwork =
  | { readonly kind: "bridge"; readonly bridge: string }
  /** None named: the default pod bridge of the pod's host. */
  | { readonly kind: "default" }
  /** The pod shares its host's network: nothing to attach. */
  | { readonly kind: "host" }
  | { readonly kind: "bad"; readonly reason: string };

/**
 * Reads the documents of `network_yaml`: the specification's `kind: bridge`, or Pullpiri's `kind: Network` (a placeholder
 * on its main branch; `networkName` and `networkMode` on another). A bridge must be one of the vehicle's pod bridges.
 */
export function wantedNetwork(documents: readonly unknown[], bridges: readonly Bridge[]): WantedNetwork {
  const known = bridges.flatMap(({ spec }) => spec.bridges.filter(({ bridgeFor }) => bridgeFor === "pod").map(({ name }) => name));
  const [document, ...more] = documents.filter((one) => one !== null && one !== undefined);
  if (document === undefined) return { kind: "default" };
  if (more.length > 0) return { kind: "bad", reason: "network_yaml holds several documents, one is expected" };
  const fields = fieldsOf(document);
  if (fields === undefined) return { kind: "bad", reason: "network_yaml is no YAML mapping" };
  const kind = textField(fields, "kind") ?? "";
  if (kind.toLowerCase() === "bridge") return ofBridge(fieldsOf(fields.spec), known);
  if (kind.toLowerCase() === "network") return ofNetwork(fieldsOf(fields.spec) ?? {}, known);
  return { kind: "bad", reason: `network_yaml: kind "${kind}" is neither bridge nor Network` };
}

type Fields = Readonly<Record<string, unknown>>;

function ofBridge(spec: Fields | undefined, known: readonly string[]): WantedNetwork {
  const entries = Array.isArray(spec?.bridges) ? spec.bridges : [];
  const names = entries.flatMap((entry: unknown) => textField(fieldsOf(entry) ?? {}, "name") ?? []);
  const [bridge] = names.filter((name) => known.includes(name));
  if (bridge !== undefined) return { kind: "bridge", bridge };
  if (names.length === 0) return { kind: "bad", reason: "network_yaml: spec.bridges[0].name is missing" };
  return unknown(names.join(", "), known);
}

function ofNetwork(spec: Fields, known: readonly string[]): WantedNetwork {
  const mode = textField(spec, "networkMode");
  if (mode === "host") return { kind: "host" };
  if (mode !== undefined && mode !== "bridge")
    return { kind: "bad", reason: `network_yaml: networkMode "${mode}" is not supported (bridge, host)` };
  const name = textField(spec, "networkName");
  if (name === undefined) return { kind: "default" };
  return known.includes(name) ? { kind: "bridge", bridge: name } : unknown(name, known);
}

function unknown(name: string, known: readonly string[]): WantedNetwork {
  return { kind: "bad", reason: `network_yaml: ${name} is no pod bridge of this vehicle (${known.join(", ") || "it has none"})` };
}
