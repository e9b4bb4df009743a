import { parse } from "yaml";

/** The value of a YAML document; a module of its own so that it can be loaded when it is needed. */
export function parseYaml(text: string): unknown {
  return parse(text);
}
