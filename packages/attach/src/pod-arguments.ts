import { PharosError } from "@pharos/base";
import { ATTACH_BAD_PARAMETER } from "./codes.ts";

/** What may be a part of a key: a name of a container, network, namespace or pod. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** A pod as Kubernetes names it. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Reads `CNI_ARGS`: `KEY=value;KEY=value`. Of a repeated key the last counts, as with the reference library. */
export function readArguments(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(";").filter((part) => part !== "");
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new PharosError(ATTACH_BAD_PARAMETER, `CNI_ARGS holds ${JSON.stringify(pair)}, which is not KEY=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The pod, where the runtime names it. Podman names no namespace: it has none. */
export function podOf(args: ReadonlyMap<string, string>): PodName | undefined {
  const namespace = args.get("K8S_POD_NAMESPACE") ?? "default";
  const name = args.get("K8S_POD_NAME");
  return name === undefined || !NAME.test(namespace) || !NAME.test(name) ? undefined : { namespace, name };
}

/** The parts of a list that is written with commas; empty ones are left out. */
export function listed(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
