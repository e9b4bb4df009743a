import { PharosError } from "@pharos/base";
import { ATTACH_BAD_CONFIG } from "./codes.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./fields.ts";
import type { CniResult } from "./result.ts";

/** What the plugins before this one made (`prevResult`). Its objects are passed on as they came. */
export interface PreviousResult {
  readonly interfaces: readonly JsonObject[];
  readonly ips: readonly JsonObject[];
  readonly routes: readonly JsonObject[];
  readonly dns: JsonObject;
}

/** Reads `prevResult` as far as it matters: shapes, texts that are compared, and indexes that must point to an interface. */
export function readPreviousResult(value: unknown): PreviousResult | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = objectOf(value, "prevResult");
  const objects = (name: string) =>
    listOf(fields[name], `prevResult.${name}`).map((item, index) => objectOf(item, `prevResult.${name}[${index}]`));
  const interfaces = objects("interfaces");
  const ips = objects("ips");
  const routes = objects("routes");
  ips.forEach(({ address, interface: link }, index) => {
    textOf(address, `prevResult.ips[${index}].address`);
    if (link === undefined || link === null) return;
    if (typeof link !== "number" || !Number.isInteger(link) || link < 0 || link >= interfaces.length)
      throw new PharosError(ATTACH_BAD_CONFIG, `prevResult.ips[${index}].interface is no index of an interface: ${JSON.stringify(link)}`);
  });
  routes.forEach(({ dst }, index) => {
    textOf(dst, `prevResult.routes[${index}].dst`);
  });
  return { interfaces, ips, routes, dns: objectOf(fields.dns, "prevResult.dns") };
}

/** A result with what other plugins made in front of its own. */
export type ChainedResult = Omit<CniResult, keyof PreviousResult> & Readonly<Record<keyof PreviousResult, unknown>>;

/** The result of a plugin that is not the first of its list: what came before, then its own (CNI 1.1, "ADD Success"). */
export function afterPrevious(result: CniResult, previous: PreviousResult | undefined): ChainedResult {
  if (previous === undefined) return result;
  const offset = previous.interfaces.length;
  return {
    ...result,
    interfaces: [...previous.interfaces, ...result.interfaces],
    ips: [...previous.ips, ...result.ips.map((ip) => ({ ...ip, interface: ip.interface + offset }))],
    routes: [...previous.routes, ...result.routes],
    dns: { ...previous.dns, ...result.dns },
  };
}
