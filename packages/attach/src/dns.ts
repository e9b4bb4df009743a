import { PharosError } from "@pharos/base";
import { formatIp, parseIp } from "@pharos/hoststate";
import { ATTACH_BAD_CONFIG } from "./codes.ts";
import { type JsonObject, objectOf, textOf, textsOf } from "./fields.ts";

/** What a CNI result tells of name resolution; the runtime writes it into the pod's resolv.conf(5), where it does that. */
export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** Reads `dns` of the configuration, and over it the capability `dns` (`servers`, `searches`, `options`), field by field. */
export function readDns(config: JsonObject): Dns {
  const fixed = objectOf(config.dns, "dns");
  const asked = objectOf(objectOf(config.runtimeConfig, "runtimeConfig").dns, "runtimeConfig.dns");
  const nameservers =
    filled(addressesOf(asked.servers, "runtimeConfig.dns.servers")) ?? filled(addressesOf(fixed.nameservers, "dns.nameservers"));
  const domain = textOf(fixed.domain, "dns.domain");
  const search = filled(textsOf(asked.searches, "runtimeConfig.dns.searches")) ?? filled(textsOf(fixed.search, "dns.search"));
  const options = filled(textsOf(asked.options, "runtimeConfig.dns.options")) ?? filled(textsOf(fixed.options, "dns.options"));
  return {
    ...(nameservers === undefined ? {} : { nameservers }),
    ...(domain === undefined || domain === "" ? {} : { domain }),
    ...(search === undefined ? {} : { search }),
    ...(options === undefined ? {} : { options }),
  };
}

function addressesOf(value: unknown, path: string): readonly string[] {
  return textsOf(value, path).map((text, index) => {
    const ip = parseIp(text);
    if (ip === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}[${index}] is not an address: ${JSON.stringify(text)}`);
    return formatIp(ip);
  });
}

function filled(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts;
}
