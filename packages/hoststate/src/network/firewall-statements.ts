import { isFirewallName } from "./firewall-names.ts";
import { type Cursor, peek, take, takeIf } from "./firewall-tokens.ts";
import { canonicalValue } from "./firewall-values.ts";

type Reader = (cursor: Cursor) => string | undefined;

/** Statements by first word. Each reads what follows that word and gives the canonical text. */
const STATEMENTS: Readonly<Record<string, Reader>> = {
  accept: () => "accept",
  drop: () => "drop",
  return: () => "return",
  continue: () => "continue",
  notrack: () => "notrack",
  jump: (cursor) => toChain("jump", cursor),
  goto: (cursor) => toChain("goto", cursor),
  counter: takeCounter,
  log: takeLog,
  limit: takeLimit,
  masquerade: (cursor) => translation("masquerade", takePortTarget(cursor), cursor),
  redirect: (cursor) => translation("redirect", takePortTarget(cursor), cursor),
  snat: (cursor) => takeNat("snat", cursor),
  dnat: (cursor) => takeNat("dnat", cursor),
  reject: takeReject,
  meta: (cursor) => takeMark("meta", cursor),
  ct: (cursor) => takeMark("ct", cursor),
  tcp: takeSegmentSize,
};

/** Reads a statement if one is next; undefined when there is none, or it is outside the grammar. */
export function takeStatement(cursor: Cursor): string | undefined {
  const start = cursor.at;
  const word = take(cursor);
  const read = Object.hasOwn(STATEMENTS, word) ? STATEMENTS[word] : undefined;
  const text = read?.(cursor);
  if (text === undefined) cursor.at = start;
  return text;
}

function toChain(verb: string, cursor: Cursor): string | undefined {
  const name = take(cursor);
  return isFirewallName(name) ? `${verb} ${name}` : undefined;
}

/** What it has counted is no part of a rule. */
function takeCounter(cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "packets")) return "counter";
  const packets = take(cursor);
  const bytes = takeIf(cursor, "bytes") ? take(cursor) : "";
  return /^\d+$/.test(packets) && /^\d+$/.test(bytes) ? "counter" : undefined;
}

const LOG_LEVELS: ReadonlySet<string> = new Set(["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]);

function takeLog(cursor: Cursor): string | undefined {
  const parts = new Map<string, string>();
  for (let key = peek(cursor); /^(prefix|group|snaplen|queue-threshold|level)$/.test(key); key = peek(cursor)) {
    take(cursor);
    const value = take(cursor);
    const valid =
      key === "prefix" ? /^"[ !#-[\]-~]{1,100}"$/.test(value) : key === "level" ? LOG_LEVELS.has(value) : /^\d{1,10}$/.test(value);
    if (!valid || parts.has(key)) return undefined;
    parts.set(key, value);
  }
  // `warn` is what nft takes when nothing is said, and it does not always print it.
  if (parts.get("level") === "warn") parts.delete("level");
  const order = ["prefix", "group", "snaplen", "queue-threshold", "level"];
  return ["log", ...order.flatMap((key) => (parts.has(key) ? [`${key} ${parts.get(key)}`] : []))].join(" ");
}

function takeLimit(cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "rate")) return undefined;
  const over = takeIf(cursor, "over") ? "over " : "";
  const rate = /^(\d{1,9})\/(second|minute|hour|day|week)$/.exec(take(cursor));
  if (rate === null) return undefined;
  let burst = "5";
  if (takeIf(cursor, "burst")) {
    burst = take(cursor);
    if (!takeIf(cursor, "packets") || !/^\d{1,9}$/.test(burst)) return undefined;
  }
  return `limit rate ${over}${Number(rate[1])}/${rate[2]} burst ${Number(burst)} packets`;
}

function takePortTarget(cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "to")) return "";
  const ports = take(cursor);
  const range = ports.startsWith(":") ? canonicalValue("inet_service", ports.slice(1)) : undefined;
  return range && ` to :${range}`;
}

function takeNat(verb: string, cursor: Cursor): string | undefined {
  const family = take(cursor);
  const type = family === "ip" ? "ipv4_addr" : family === "ip6" ? "ipv6_addr" : undefined;
  if (type === undefined || !takeIf(cursor, "to")) return undefined;
  const target = take(cursor);
  const match = /^(?:\[([^\]]+)\]|([^:]+|[0-9a-f:]+))(?::([\d-]+))?$/.exec(
    type === "ipv4_addr" || target.startsWith("[") ? target : `[${target}]`,
  );
  const address = canonicalValue(type, match?.[1] ?? match?.[2] ?? "");
  const ports = match?.[3] === undefined ? "" : canonicalValue("inet_service", match[3]);
  if (address === undefined || address.includes("/") || ports === undefined) return undefined;
  const shown = ports === "" ? address : type === "ipv6_addr" ? `[${address}]:${ports}` : `${address}:${ports}`;
  return translation(verb, ` ${family} to ${shown}`, cursor);
}

function translation(verb: string, target: string | undefined, cursor: Cursor): string | undefined {
  if (target === undefined) return undefined;
  const flags: string[] = [];
  while (/^(random|fully-random|persistent)$/.test(peek(cursor))) {
    flags.push(take(cursor));
    takeIf(cursor, ",");
  }
  return `${verb}${target}${flags.length === 0 ? "" : ` ${[...new Set(flags)].sort().join(",")}`}`;
}

const REJECT_REASONS: ReadonlySet<string> = new Set(["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"]);

function takeReject(cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "with")) return "reject with icmpx type port-unreachable";
  if (takeIf(cursor, "tcp", "reset")) return "reject with tcp reset";
  if (!takeIf(cursor, "icmpx")) return undefined;
  takeIf(cursor, "type");
  const reason = take(cursor);
  return REJECT_REASONS.has(reason) ? `reject with icmpx type ${reason}` : undefined;
}

function takeMark(family: string, cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "mark", "set")) return undefined;
  for (const source of ["meta", "ct"]) if (takeIf(cursor, source, "mark")) return `${family} mark set ${source} mark`;
  const value = canonicalValue("mark", take(cursor));
  return value && `${family} mark set ${value}`;
}

/** TCP MSS clamping (RFC 879): to the route's MTU, or a fixed size in bytes. */
function takeSegmentSize(cursor: Cursor): string | undefined {
  if (!takeIf(cursor, "option", "maxseg", "size", "set")) return undefined;
  if (takeIf(cursor, "rt", "mtu")) return "tcp option maxseg size set rt mtu";
  const size = canonicalValue("inet_service", take(cursor));
  return size && `tcp option maxseg size set ${size}`;
}
