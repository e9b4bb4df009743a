import { hasCode } from "@pharos/base/errors";
import { DHCP_MALFORMED } from "./codes.ts";
import { decodeMessage } from "./decode-message.ts";
import { CLIENT_PORT, decodeFrame, SERVER_PORT, type UdpFrame } from "./frame.ts";
import { type Lease, leaseOf } from "./lease.ts";
import type { DhcpMessage } from "./message.ts";
import { type ClientSettings, declineOf, discoverOf, rebindOf, rebootOf, renewOf, requestOf } from "./requests.ts";

/** What every state that waits for an answer knows. Times in milliseconds of the caller's clock. */
interface Waits {
  readonly xid: number;
  /** When the exchange began. */
  readonly beganMs: number;
  /** When the message was sent first that an answer is waited for. */
  readonly sentMs: number;
  /** How often it was sent. */
  readonly sends: number;
  /** When it is sent again. */
  readonly dueMs: number;
  /** How often an exchange began anew. */
  readonly turns: number;
  /** What answers were good for nothing, in words. */
  readonly heard: readonly string[];
}

/** A client that waits (RFC 2131, section 4.4), or how it ended. INIT and RENEWING's next are the caller's: it begins an exchange. */
export type Client =
  | (Waits & { readonly kind: "selecting"; readonly wish?: string })
  | (Waits & { readonly kind: "requesting"; readonly address: string; readonly server: string })
  | (Waits & { readonly kind: "rebooting"; readonly address: string })
  | (Waits & { readonly kind: "renewing"; readonly lease: Lease })
  | (Waits & { readonly kind: "rebinding"; readonly lease: Lease })
  | { readonly kind: "bound"; readonly lease: Lease }
  /** The server takes back the lease that was to be prolonged. */
  | { readonly kind: "lost"; readonly said: string }
  /** Nobody answered in time (`silent`), or what was answered could not be used. */
  | { readonly kind: "failed"; readonly isSilent: boolean; readonly said: string };

type Waiting = Extract<Client, Waits>;

/** A state and the frames to send on coming into it. */
export interface Step {
  readonly client: Client;
  readonly sends: readonly UdpFrame[];
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;
/** After so many unanswered messages to one server, or for one address, all servers are asked for any. */
const MOST_SENDS = { requesting: 4, rebooting: 2 } as const;
const MOST_TURNS = 4;
const MOST_HEARD = 5;

/** INIT: looks for a server; `wish` is an address that is asked for. */
export function discover(settings: ClientSettings, now: number, wish?: string): Step {
  return began(settings, now, { kind: "selecting", ...(wish === undefined ? {} : { wish }) });
}

/** INIT-REBOOT: asks whether an address from before still holds, and looks for another when a server says no or none answers. */
export function reboot(settings: ClientSettings, now: number, address: string): Step {
  return began(settings, now, { kind: "rebooting", address });
}

/** RENEWING: asks the server of a lease to prolong it. */
export function renew(settings: ClientSettings, now: number, lease: Lease): Step {
  return began(settings, now, { kind: "renewing", lease });
}

/** REBINDING: asks all servers to prolong a lease. */
export function rebind(settings: ClientSettings, now: number, lease: Lease): Step {
  return began(settings, now, { kind: "rebinding", lease });
}

/** When `passTime` is to be called; undefined when the client has ended. */
export function deadlineOf(client: Client, settings: ClientSettings): number | undefined {
  return isWaiting(client) ? Math.min(client.dueMs, client.beganMs + settings.totalMs) : undefined;
}

/** Sends again what is due, or gives up. */
export function passTime(client: Client, settings: ClientSettings, now: number): Step {
  if (!isWaiting(client)) return { client, sends: [] };
  if (now >= client.beganMs + settings.totalMs) return { client: failed(client), sends: [] };
  if (now < client.dueMs) return { client, sends: [] };
  if (client.kind === "rebooting" && client.sends >= MOST_SENDS.rebooting) return again(client, settings, now, client.address);
  if (client.kind === "requesting" && client.sends >= MOST_SENDS.requesting)
    return again(noted(client, `${client.server} fell silent`), settings, now);
  return sent({ ...client, sends: client.sends + 1 }, settings, now);
}

/** Hears a frame, whatever it is. */
export function receive(client: Client, settings: ClientSettings, now: number, bytes: Uint8Array): Step {
  const still: Step = { client, sends: [] };
  if (!isWaiting(client)) return still;
  const frame = decodeFrame(bytes);
  if (frame === undefined || frame.destinationPort !== CLIENT_PORT || frame.sourcePort !== SERVER_PORT) return still;
  const message = decoded(frame);
  if (message?.op !== "reply" || message.xid !== client.xid || message.chaddr !== settings.mac) return still;
  if (client.kind === "selecting") return message.type === "offer" ? offered(client, settings, now, message) : still;
  if (client.kind === "requesting" && message.options.serverId !== client.server) return still;
  if (message.type === "nak") return refused(client, settings, now, message);
  return message.type === "ack" ? acknowledged(client, settings, now, { message, serverMac: frame.sourceMac }) : still;
}

function isWaiting(client: Client): client is Waiting {
  return "dueMs" in client;
}

function decoded({ payload }: UdpFrame): DhcpMessage | undefined {
  try {
    return decodeMessage(payload);
  } catch (error) {
    if (hasCode(error, DHCP_MALFORMED)) return undefined;
    throw error;
  }
}

type WithoutWaits<T> = T extends Waits ? Omit<T, keyof Waits> : never;

function began(settings: ClientSettings, now: number, client: WithoutWaits<Waiting>): Step {
  return sent({ ...client, xid: settings.xid, beganMs: now, sentMs: now, sends: 1, dueMs: now, turns: 1, heard: [] }, settings, now);
}

/** Looks for a server anew, under a transaction number of its own so that late answers do not count. */
function again(client: Waiting, settings: ClientSettings, now: number, wish?: string): Step {
  const { xid, beganMs, turns, heard } = client;
  if (turns >= MOST_TURNS) return { client: failed(client), sends: [] };
  const next = { xid: (xid + 1) >>> 0, beganMs, sentMs: now, sends: 1, dueMs: now, turns: turns + 1, heard };
  return sent({ kind: "selecting", ...next, ...(wish === undefined ? {} : { wish }) }, settings, now);
}

function sent(client: Waiting, settings: ClientSettings, now: number): Step {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (client.sends - 1), LONGEST_WAIT_MS);
  return { client: { ...client, dueMs: now + wait * (0.9 + 0.2 * settings.jitter) }, sends: [frameOf(client, settings, now)] };
}

function frameOf(client: Waiting, settings: ClientSettings, now: number): UdpFrame {
  const turn = { xid: client.xid, secs: Math.floor((now - client.beganMs) / 1000) };
  switch (client.kind) {
    case "selecting":
      return discoverOf(settings, turn, client.wish);
    case "requesting":
      return requestOf(settings, turn, client);
    case "rebooting":
      return rebootOf(settings, turn, client.address);
    case "renewing":
      return renewOf(settings, turn, client);
    case "rebinding":
      return rebindOf(settings, turn, client.lease);
  }
}

/** Takes the first offer that can be used: with several servers the quickest is as good as any. */
function offered(
  client: Waiting & { readonly kind: "selecting" },
  settings: ClientSettings,
  now: number,
  { yiaddr, options }: DhcpMessage,
): Step {
  const { serverId } = options;
  const { only } = settings;
  if (serverId === undefined) return { client: noted(client, "an offer without a server identifier"), sends: [] };
  if (only !== undefined && yiaddr !== only) return { client: noted(client, `${serverId} offers ${yiaddr} instead of ${only}`), sends: [] };
  const { wish: _, ...waits } = client;
  return sent({ ...waits, kind: "requesting", address: yiaddr, server: serverId, sentMs: now, sends: 1 }, settings, now);
}

function refused(
  client: Exclude<Waiting, { readonly kind: "selecting" }>,
  settings: ClientSettings,
  now: number,
  { options }: DhcpMessage,
): Step {
  const said = `${options.serverId ?? "a server"} refuses${options.message === undefined ? "" : `: ${options.message.slice(0, 100)}`}`;
  if (client.kind === "renewing" || client.kind === "rebinding") return { client: { kind: "lost", said }, sends: [] };
  return again(noted(client, said), settings, now);
}

interface Answer {
  readonly message: DhcpMessage;
  readonly serverMac: string;
}

function acknowledged(
  client: Exclude<Waiting, { readonly kind: "selecting" }>,
  settings: ClientSettings,
  now: number,
  { message, serverMac }: Answer,
): Step {
  const { yiaddr } = message;
  const wanted = "lease" in client ? (client.lease.address.split("/")[0] ?? "") : client.address;
  const lease = leaseOf(message, { startMs: client.sentMs, serverMac });
  if (lease === undefined || yiaddr !== wanted)
    return { client: noted(client, `an acknowledgement of ${yiaddr} that cannot be used`), sends: [] };
  if (!settings.isTaken(yiaddr)) return { client: { kind: "bound", lease }, sends: [] };
  // The ten seconds that RFC 2131 (section 3.1) asks a client to wait then are more than container runtimes have.
  const { client: next, sends } = again(noted(client, `${lease.server} gives ${yiaddr}, which another pod has`), settings, now);
  return { client: next, sends: [declineOf(settings, client.xid, lease), ...sends] };
}

function noted<T extends Waiting>(client: T, said: string): T {
  return client.heard.includes(said) || client.heard.length >= MOST_HEARD ? client : { ...client, heard: [...client.heard, said] };
}

function failed({ heard }: Waiting): Client {
  return { kind: "failed", isSilent: heard.length === 0, said: heard.join("; ") };
}
