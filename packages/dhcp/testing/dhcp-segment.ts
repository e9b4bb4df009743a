import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLIENT_PORT, type DhcpMessage, type DhcpOptions, decodeMessage, encodeMessage, SERVER_PORT } from "@pharos/dhcp";

/** What the scripted server answers to one message. */
export interface ScriptedReply {
  readonly type: DhcpMessage["type"];
  readonly yiaddr?: string;
  readonly options?: DhcpOptions;
  /** Bytes instead of a message. */
  readonly raw?: Uint8Array;
  readonly afterMs?: number;
}

export type Script = (message: DhcpMessage, count: number) => readonly ScriptedReply[];

const SERVER = "10.4.0.1";

/** Where a segment is to be: names of network namespaces that exist. */
export interface SegmentPlace {
  readonly host: string;
  /** That of the machine with the server. */
  readonly server: string;
  /** Name of the bridge; it is made where it is missing. */
  readonly bridge: string;
  /** For files of the server. */
  readonly folder: string;
  /** Runs `work` with this thread in the network namespace of this name. */
  readonly inside: <T>(namespace: string, work: () => T) => T;
}

/** A bridge on a test host, with a machine on it that serves 10.4.0.0/24. */
export class DhcpSegment {
  /** What the scripted server heard, as text: `discover`, `request 10.4.0.5`. */
  readonly heard: string[] = [];
  readonly #place: SegmentPlace;
  #foreign: ChildProcess | undefined;
  #scripted: Socket | undefined;

  constructor(place: SegmentPlace) {
    this.#place = place;
    const { host, server, bridge } = place;
    if (spawnSync("ip", ["-n", host, "link", "show", bridge]).status !== 0) ip(host, "link", "add", bridge, "type", "bridge");
    ip(host, "link", "set", bridge, "up");
    ip(host, "link", "add", "toDhcp", "master", bridge, "type", "veth", "peer", "name", "s0", "netns", server);
    ip(host, "link", "set", "toDhcp", "up");
    ip(server, "addr", "add", `${SERVER}/24`, "dev", "s0");
    ip(server, "link", "set", "s0", "up");
    ip(server, "route", "add", "255.255.255.255", "dev", "s0");
  }

  /** Starts busybox's server, of another make than ours, with `lines` in its configuration. */
  async serve(...lines: readonly string[]): Promise<void> {
    const path = join(this.#place.folder, "udhcpd.conf");
    const leases = join(this.#place.folder, "udhcpd.leases");
    writeFileSync(leases, "", { flag: "a" });
    const fixed = ["interface s0", `lease_file ${leases}`, "start 10.4.0.10", "end 10.4.0.60", "max_leases 50", "opt subnet 255.255.255.0"];
    writeFileSync(path, `${[...fixed, `opt router ${SERVER}`, ...lines].join("\n")}\n`);
    const inside = `--net=/run/netns/${this.#place.server}`;
    const child = spawn("nsenter", [inside, "busybox", "udhcpd", "-f", "-a", "50", path], { stdio: ["ignore", "ignore", "pipe"] });
    this.#foreign = child;
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (bytes) => {
        if (String(bytes).includes("started")) resolve();
      });
      child.on("error", reject);
      child.on("exit", () => reject(new Error("udhcpd ended")));
    });
  }

  /** Answers by a script from now on, in this process. */
  script(answer: Script): void {
    this.#scripted?.close();
    let count = 0;
    const socket = this.#openSocket();
    this.#scripted = socket;
    socket.on("message", (bytes) => {
      const message = decodeMessage(bytes);
      this.heard.push(textOf(message));
      for (const reply of answer(message, ++count)) {
        const out = reply.raw ?? encodeMessage(replyOf(message, reply));
        setTimeout(() => {
          if (this.#scripted === socket) socket.send(out, CLIENT_PORT, "255.255.255.255");
        }, reply.afterMs ?? 0);
      }
    });
  }

  /** Nobody serves any more. */
  async stop(): Promise<void> {
    this.#scripted?.close();
    this.#scripted = undefined;
    const child = this.#foreign;
    this.#foreign = undefined;
    if (child === undefined || child.exitCode !== null) return;
    await new Promise((resolve) => {
      child.removeAllListeners("exit").on("exit", resolve);
      child.kill("SIGKILL");
    });
  }

  /** The socket is made while it is bound, so that has to happen inside, without waiting for a name to be looked up. */
  #openSocket(): Socket {
    return this.#place.inside(this.#place.server, () => {
      const socket = createSocket({ type: "udp4", reuseAddr: true, lookup: (name, _, done) => done(null, name, 4) });
      socket.bind({ port: SERVER_PORT, address: "0.0.0.0", exclusive: true });
      socket.setBroadcast(true);
      return socket;
    });
  }
}

function ip(namespace: string, ...args: readonly string[]): void {
  execFileSync("ip", ["-n", namespace, ...args]);
}

function textOf({ type, ciaddr, options }: DhcpMessage): string {
  const address = options.requestedAddress ?? (ciaddr === "0.0.0.0" ? "" : ciaddr);
  return address === "" ? type : `${type} ${address}`;
}

function replyOf(to: DhcpMessage, { type, yiaddr = "10.4.0.5", options = {} }: ScriptedReply): DhcpMessage {
  const given = type === "nak" ? {} : { leaseSeconds: 600, prefixLength: 24, routers: [SERVER] };
  return {
    ...to,
    op: "reply",
    type,
    ciaddr: "0.0.0.0",
    yiaddr: type === "nak" ? "0.0.0.0" : yiaddr,
    options: { serverId: SERVER, ...given, ...options },
  };
}

/** Answers as a server that has the one address `yiaddr` to give. */
export function honest(yiaddr = "10.4.0.5", options: DhcpOptions = {}): Script {
  return ({ type }) =>
    type === "discover" ? [{ type: "offer", yiaddr, options }] : type === "request" ? [{ type: "ack", yiaddr, options }] : [];
}
