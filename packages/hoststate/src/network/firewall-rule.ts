import { canonicalElements, verdictText } from "./firewall-elements.ts";
import { isFirewallName } from "./firewall-names.ts";
import { FLAG_TYPES, headerOf, selectorRank, takeSelector } from "./firewall-selectors.ts";
import { takeStatement } from "./firewall-statements.ts";
import { type Cursor, cursorOf, peek, take, takeIf } from "./firewall-tokens.ts";
import { canonicalValue, distinct, type ValueType } from "./firewall-values.ts";

/** A match or a statement. `selectors` is empty for a statement. */
interface RuleItem {
  readonly selectors: readonly string[];
  readonly text: string;
}

/**
 * The one text of a rule's body, whichever of nft's spellings it came in; undefined when it is outside the grammar that Pharos
 * writes. Only this text reaches nft, so a body can hold nothing but what the grammar knows.
 */
export function canonicalBody(body: string): string | undefined {
  const cursor = cursorOf(body);
  if (cursor === undefined || cursor.tokens.length === 0) return undefined;
  const items: RuleItem[] = [];
  while (cursor.at < cursor.tokens.length) {
    const item = takeItem(cursor);
    if (item === undefined) return undefined;
    items.push(named(item, items));
  }
  return inHeaderOrder(items)
    .filter((item, index) => !isImplied(item, items.slice(index + 1)))
    .map(({ text }) => text)
    .join(" ");
}

/** nft may read neighbouring fields of a header at once, and then prints their matches in header order. The order does not count. */
function inHeaderOrder(items: readonly RuleItem[]): readonly RuleItem[] {
  const headers = items.map(({ selectors }) => (selectors.length === 1 ? headerOf(selectors[0] ?? "") : undefined));
  if (!headers.some((header, index) => index > 0 && header !== undefined && header === headers[index - 1])) return items;
  const runs: RuleItem[][] = [];
  items.forEach((item, index) => {
    const run = index > 0 && headers[index] !== undefined && headers[index] === headers[index - 1] ? runs.at(-1) : undefined;
    if (run === undefined) runs.push([item]);
    else run.push(item);
  });
  return runs.flatMap((run) => run.sort((a, b) => selectorRank(a.selectors[0] ?? "") - selectorRank(b.selectors[0] ?? "")));
}

const TRANSPORTS: Readonly<Record<string, string>> = {
  "meta l4proto tcp": "tcp",
  "meta l4proto udp": "udp",
  "meta l4proto 132": "sctp",
  "ip protocol tcp": "tcp",
  "ip protocol udp": "udp",
  "ip6 nexthdr tcp": "tcp",
  "ip6 nexthdr udp": "udp",
};

/** nft writes `th dport` as `tcp dport` once the rule has tested for TCP. */
function named(item: RuleItem, before: readonly RuleItem[]): RuleItem {
  const transport = before.map(({ text }) => TRANSPORTS[text]).findLast((known) => known !== undefined);
  if (transport === undefined || !item.selectors.some((selector) => selector.startsWith("th "))) return item;
  const rename = (text: string): string => text.replaceAll(/(?<=^| )th (?=[sd]port )/g, `${transport} `);
  return { selectors: item.selectors.map((selector) => rename(`${selector} `).trimEnd()), text: rename(item.text) };
}

function takeItem(cursor: Cursor): RuleItem | undefined {
  const statement = takeStatement(cursor);
  return statement === undefined ? takeMatch(cursor) : { selectors: [], text: statement };
}

const IMPLIES: Readonly<Record<string, RegExp>> = {
  "meta l4proto tcp": /^tcp /,
  "meta l4proto udp": /^udp /,
  "meta l4proto 132": /^sctp /,
  "meta l4proto icmp": /^icmp /,
  "meta l4proto 58": /^icmpv6 /,
  "meta nfproto ipv4": /^(ip|icmp) /,
  "meta nfproto ipv6": /^(ip6|icmpv6) /,
};

/** nft leaves out a test of the protocol that a later match makes anyway, and puts it in where it is missing. */
function isImplied({ selectors, text }: RuleItem, later: readonly RuleItem[]): boolean {
  const by = selectors.length === 1 ? IMPLIES[text] : undefined;
  if (by === undefined) return false;
  if (text === "meta l4proto tcp" && later.some((item) => item.text === "reject with tcp reset")) return true;
  return later.some((item) => item.selectors.some((selector) => by.test(selector)));
}

function takeMatch(cursor: Cursor): RuleItem | undefined {
  const selectors: string[] = [];
  const types: ValueType[] = [];
  do {
    const selector = takeSelector(cursor);
    if (selector === undefined) return undefined;
    selectors.push(selector.text);
    types.push(selector.type);
  } while (takeIf(cursor, "."));
  const left = selectors.join(" . ");
  if (takeIf(cursor, "vmap")) {
    const data = takeVerdictMap(cursor, types);
    return data === undefined ? undefined : { selectors, text: `${left} vmap ${data}` };
  }
  const mask = takeMask(cursor, types);
  const operator = takeOperator(cursor);
  const right = takeRight(cursor, types);
  if (mask === undefined || right === undefined) return undefined;
  return { selectors, text: `${left}${mask} ${operator}${right}` };
}

function takeMask(cursor: Cursor, types: readonly ValueType[]): string | undefined {
  if (!takeIf(cursor, "&")) return "";
  const mask = types.length === 1 && types[0] === "mark" ? canonicalValue("mark", take(cursor)) : undefined;
  return mask && ` & ${mask}`;
}

function takeOperator(cursor: Cursor): string {
  if (takeIf(cursor, "==")) return "";
  return ["!=", "<=", ">=", "<", ">"].includes(peek(cursor)) ? `${take(cursor)} ` : "";
}

function takeRight(cursor: Cursor, types: readonly ValueType[]): string | undefined {
  if (peek(cursor) === "{") return takeAnonymousSet(cursor, types);
  const [type] = types;
  if (peek(cursor).startsWith("@")) return namedObject(take(cursor));
  if (types.length !== 1 || type === undefined) return undefined;
  if (!FLAG_TYPES.has(type)) return canonicalValue(type, take(cursor));
  const flags = [take(cursor)];
  while (takeIf(cursor, ",")) flags.push(take(cursor));
  return distinct(flags.map((flag) => canonicalValue(type, flag)))?.join(",");
}

function takeAnonymousSet(cursor: Cursor, types: readonly ValueType[]): string | undefined {
  const texts: string[] = [];
  take(cursor);
  do texts.push(takeElement(cursor));
  while (takeIf(cursor, ","));
  if (!takeIf(cursor, "}")) return undefined;
  const elements = canonicalElements(types, texts, true);
  if (elements === undefined) return undefined;
  const plain = types.length === 1 && types[0] !== undefined && !FLAG_TYPES.has(types[0]);
  return plain && elements.length === 1 ? elements[0] : `{ ${elements.join(", ")} }`;
}

function takeVerdictMap(cursor: Cursor, types: readonly ValueType[]): string | undefined {
  if (peek(cursor).startsWith("@")) return namedObject(take(cursor));
  const entries: string[] = [];
  if (!takeIf(cursor, "{")) return undefined;
  do {
    const key = canonicalElements(types, [takeElement(cursor)], false);
    if (!takeIf(cursor, ":")) return undefined;
    const verb = take(cursor);
    const verdict = verdictText(verb === "goto" || verb === "jump" ? `${verb} ${take(cursor)}` : verb);
    if (key === undefined || verdict === undefined) return undefined;
    entries.push(`${key[0]} : ${verdict}`);
  } while (takeIf(cursor, ","));
  return takeIf(cursor, "}") ? `{ ${entries.sort().join(", ")} }` : undefined;
}

function takeElement(cursor: Cursor): string {
  const fields = [take(cursor)];
  while (takeIf(cursor, ".")) fields.push(take(cursor));
  return fields.join(" . ");
}

function namedObject(token: string): string | undefined {
  return isFirewallName(token.slice(1)) ? token : undefined;
}
