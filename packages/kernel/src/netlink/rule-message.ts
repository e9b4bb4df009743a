import type { Family } from "@pharos/hoststate";
import { FR_ACT_TO_TBL, FRA, NLM_F, RTM } from "./constants.ts";
import { familyNumber, familyOf, ipText, prefixBytes } from "./ip-bytes.ts";
import { type Attributes, attribute, attributesOf, message, type NetlinkMessage, text, textOf, u8, u8Of, u32, u32Of } from "./message.ts";

/** A rule of the routing policy database that looks up a table. */
export interface RuleFields {
  readonly family: Family;
  readonly priority: number;
  readonly from?: string;
  readonly to?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly mask?: number;
  readonly table: number;
  readonly protocol: number;
}

function body(rule: RuleFields): Uint8Array[] {
  const from = rule.from === undefined ? undefined : prefixBytes(rule.from);
  const to = rule.to === undefined ? undefined : prefixBytes(rule.to);
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(rule.family), 0);
  header.writeUInt8(to?.length ?? 0, 1);
  header.writeUInt8(from?.length ?? 0, 2);
  header.writeUInt8(rule.table < 256 ? rule.table : 0, 4);
  header.writeUInt8(FR_ACT_TO_TBL, 7);
  const attributes = [u32(FRA.TABLE, rule.table), u32(FRA.PRIORITY, rule.priority), u8(FRA.PROTOCOL, rule.protocol)];
  if (to !== undefined) attributes.push(attribute(FRA.DST, to.bytes));
  if (from !== undefined) attributes.push(attribute(FRA.SRC, from.bytes));
  if (rule.iif !== undefined) attributes.push(text(FRA.IIFNAME, rule.iif));
  if (rule.oif !== undefined) attributes.push(text(FRA.OIFNAME, rule.oif));
  if (rule.mark !== undefined) attributes.push(u32(FRA.FWMARK, rule.mark));
  if (rule.mask !== undefined) attributes.push(u32(FRA.FWMASK, rule.mask));
  return [header, ...attributes];
}

/** RTM_NEWRULE; EEXIST when an equal rule exists. */
export function encodeRuleAdd(rule: RuleFields): Uint8Array {
  return message(RTM.NEWRULE, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, body(rule));
}

/** RTM_DELRULE; ENOENT when there is none that agrees in all given fields. */
export function encodeRuleDelete(rule: RuleFields): Uint8Array {
  return message(RTM.DELRULE, NLM_F.REQUEST, body(rule));
}

/** RTM_GETRULE of one family. */
export function encodeRuleDump(family: Family): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  return message(RTM.GETRULE, NLM_F.REQUEST | NLM_F.DUMP, [header]);
}

function prefixOf(attributes: Attributes, type: number, length: number): string | undefined {
  const bytes = attributes.get(type);
  return bytes === undefined ? undefined : `${ipText(bytes)}/${length}`;
}

/** Decodes RTM_NEWRULE or RTM_DELRULE that looks up a table; undefined for any other message or action. */
export function decodeRule({ type, body: bytes }: NetlinkMessage): RuleFields | undefined {
  const family = type === RTM.NEWRULE || type === RTM.DELRULE ? familyOf(bytes.readUInt8(0)) : undefined;
  if (family === undefined || bytes.readUInt8(7) !== FR_ACT_TO_TBL) return undefined;
  const attributes = attributesOf(bytes, 12);
  const from = prefixOf(attributes, FRA.SRC, bytes.readUInt8(2));
  const to = prefixOf(attributes, FRA.DST, bytes.readUInt8(1));
  const iif = textOf(attributes, FRA.IIFNAME);
  const oif = textOf(attributes, FRA.OIFNAME);
  const mark = u32Of(attributes, FRA.FWMARK);
  const mask = u32Of(attributes, FRA.FWMASK);
  return {
    family,
    priority: u32Of(attributes, FRA.PRIORITY) ?? 0,
    table: u32Of(attributes, FRA.TABLE) ?? bytes.readUInt8(4),
    protocol: u8Of(attributes, FRA.PROTOCOL) ?? 0,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(iif === undefined ? {} : { iif }),
    ...(oif === undefined ? {} : { oif }),
    ...(mark === undefined ? {} : { mark }),
    ...(mask === undefined ? {} : { mask }),
  };
}
