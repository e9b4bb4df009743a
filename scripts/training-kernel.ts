const HEADER_BYTES = 16;
const LINK_BYTES = 16;
const ACK = 0x4;
const DUMP = 0x300;
const NLMSG = { ERROR: 2, DONE: 3 } as const;
const RTM = { NEWLINK: 16, GETLINK: 18, NEWADDR: 20, GETADDR: 22, FIRST_GET: 18, LAST: 120 } as const;
const IFLA_IFNAME = 3;
const IFF_UP = 1;
const AF_INET = 2;
const IFA_LOCAL = 2;
const ENODEV = 19;
const ENOENT = 2;

/** A link as it was asked for. */
interface Link {
  readonly index: number;
  readonly attributes: Buffer;
}

/**
 * Answers netlink messages as a kernel that says yes to all: links that were created are found again, listings are empty. For the
 * compiler's sake only; it proves nothing.
 */
export class TrainingKernel {
  readonly #links = new Map<string, Link>();
  readonly #answers = new Map<number, Buffer[]>();

  send(socket: number, bytes: Buffer): number {
    const answers = this.#answers.get(socket) ?? [];
    this.#answers.set(socket, answers);
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at);
      answers.push(...this.#answersTo(bytes.subarray(at, at + length)));
      at += (length + 3) & ~3;
    }
    return bytes.length;
  }

  receive(socket: number, into: Buffer): number {
    return this.#answers.get(socket)?.shift()?.copy(into) ?? -1;
  }

  #answersTo(message: Buffer): readonly Buffer[] {
    const [type, flags] = [message.readUInt16LE(4), message.readUInt16LE(6)];
    if ((flags & DUMP) === DUMP && (isGet(type) || type > RTM.LAST))
      return [...listed(message, type), answer(message, NLMSG.DONE, Buffer.alloc(4))];
    const name = type === RTM.NEWLINK || type === RTM.GETLINK ? nameIn(message) : undefined;
    if (type === RTM.NEWLINK && name !== undefined && !this.#links.has(name))
      this.#links.set(name, { index: this.#links.size + 2, attributes: message.subarray(HEADER_BYTES + LINK_BYTES) });
    const ack = (flags & ACK) === 0 ? [] : [acknowledgement(message, 0)];
    if (type !== RTM.GETLINK) return isGet(type) ? [acknowledgement(message, -ENOENT)] : ack;
    const link = name === undefined ? undefined : this.#links.get(name);
    if (link === undefined) return [acknowledgement(message, -ENODEV)];
    const body = Buffer.alloc(LINK_BYTES);
    body.writeInt32LE(link.index, 4);
    body.writeUInt32LE(IFF_UP, 8);
    return [answer(message, RTM.NEWLINK, Buffer.concat([body, link.attributes])), ...ack];
  }
}

/** The link that addresses are asked for has one, other listings are empty. */
function listed(message: Buffer, type: number): readonly Buffer[] {
  if (type !== RTM.GETADDR) return [];
  const body = Buffer.from([AF_INET, 24, 0, 0, 0, 0, 0, 0, 8, 0, IFA_LOCAL, 0, 10, 0, 0, 1]);
  message.copy(body, 4, HEADER_BYTES + 4, HEADER_BYTES + 8);
  return [answer(message, RTM.NEWADDR, body)];
}

/** In rtnetlink each third message of an object's four asks for it. */
function isGet(type: number): boolean {
  return type >= RTM.FIRST_GET && type < RTM.LAST && type % 4 === 2;
}

function nameIn(message: Buffer): string | undefined {
  for (let at = HEADER_BYTES + LINK_BYTES; at + 4 <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (message.readUInt16LE(at + 2) === IFLA_IFNAME) return message.toString("latin1", at + 4, at + length).replace(/\0.*$/, "");
    at += Math.max(4, (length + 3) & ~3);
  }
  return undefined;
}

function acknowledgement(message: Buffer, error: number): Buffer {
  const body = Buffer.alloc(4 + HEADER_BYTES);
  body.writeInt32LE(error);
  message.copy(body, 4, 0, HEADER_BYTES);
  return answer(message, NLMSG.ERROR, body);
}

function answer(to: Buffer, type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.length);
  header.writeUInt16LE(type, 4);
  to.copy(header, 8, 8, 12);
  return Buffer.concat([header, body]);
}
