import {
  addressAt,
  bitsOf,
  compareIp,
  containsIp,
  containsPrefix,
  firstOf,
  type Ip,
  lastOf,
  networkOf,
  overlaps,
  type Prefix,
} from "@pharos/hoststate";

/** A host's part of a subnet. */
export interface Block {
  readonly host: string;
  readonly block: Prefix;
}

export interface Cut {
  readonly subnet: Prefix;
  /** Hosts that need a block, sorted. */
  readonly hosts: readonly string[];
  /** Blocks that stay as they are; also those of hosts that no longer need one but still hold addresses. */
  readonly kept: readonly Block[];
  /** Addresses inside the subnet that a host has for good. */
  readonly fixed: ReadonlyMap<string, readonly Ip[]>;
  /** Declared prefix length of blocks. */
  readonly blockSize?: number;
  /** Whether a block has addresses to hand out. */
  readonly isUseful: (block: Prefix) => boolean;
}

export interface CutResult {
  /** Kept and new blocks. */
  readonly blocks: readonly Block[];
  /** Hosts that no block was left for. */
  readonly without: readonly string[];
  /** Hosts whose fixed addresses fit into no block of their own. */
  readonly scattered: readonly string[];
  /** Prefix length of new blocks. */
  readonly length: number;
}

/**
 * Gives each host that has none the lowest free block of a subnet, first to hosts with fixed addresses in it (their block holds all
 * of these, and is larger than usual when it has to be). A host alone without a declared size gets all.
 */
export function cutSubnet(cut: Cut): CutResult {
  const { subnet, hosts, kept } = cut;
  const missing = hosts.filter((host) => !kept.some((block) => block.host === host));
  const length = blockLength(cut);
  const blocks = [...kept];
  const without: string[] = [];
  const scattered = kept
    .filter((block) => (cut.fixed.get(block.host) ?? []).some((ip) => !containsIp(block.block, ip)))
    .map(({ host }) => host);
  const isFixed = (host: string): boolean => (cut.fixed.get(host) ?? []).length > 0;
  for (const host of missing.filter(isFixed)) {
    const block = blockAround(cut, { host, length, blocks });
    if (block === undefined) scattered.push(host);
    else blocks.push({ host, block });
  }
  for (const host of missing.filter((name) => !isFixed(name))) {
    const block = firstFree({ ...cut, subnet }, { host, length, blocks });
    if (block === undefined) without.push(host);
    else blocks.push({ host, block });
  }
  return { blocks, without, scattered, length };
}

/** Below this many addresses a block is not made smaller to leave room for hosts to come. */
const ROOMY_BITS = 4;

/** As long as declared; else so that all hosts have one, and one more when blocks stay roomy. */
function blockLength({ subnet, hosts, kept, blockSize }: Cut): number {
  if (blockSize !== undefined) return Math.max(blockSize, subnet.length);
  const alive = new Set([...hosts, ...kept.map((block) => block.host)]).size;
  if (alive <= 1) return subnet.length;
  const whole = bitsOf(subnet.ip.family);
  const roomy = subnet.length + Math.ceil(Math.log2(alive + 1));
  const tight = subnet.length + Math.ceil(Math.log2(alive));
  return Math.min(whole - roomy >= ROOMY_BITS ? roomy : tight, whole);
}

interface Search {
  readonly host: string;
  readonly length: number;
  readonly blocks: readonly Block[];
}

function isFree(cut: Cut, { host, blocks }: Search, block: Prefix): boolean {
  if (blocks.some((other) => overlaps(other.block, block))) return false;
  return ![...cut.fixed].some(([owner, addresses]) => owner !== host && addresses.some((ip) => containsIp(block, ip)));
}

function blockAround(cut: Cut, search: Search): Prefix | undefined {
  const own = cut.fixed.get(search.host) ?? [];
  const [first] = own;
  if (first === undefined) return undefined;
  for (let length = search.length; length >= cut.subnet.length; length--) {
    const block = networkOf({ ip: first, length });
    if (own.every((ip) => containsIp(block, ip))) return isFree(cut, search, block) ? block : undefined;
  }
  return undefined;
}

function firstFree(cut: Cut, search: Search): Prefix | undefined {
  const size = 1n << BigInt(bitsOf(cut.subnet.ip.family) - search.length);
  const last = lastOf(cut.subnet);
  const limit = search.blocks.length + [...cut.fixed.values()].flat().length + MAX_USELESS;
  let ip = firstOf(cut.subnet);
  for (let tried = 0; tried <= limit && compareIp(ip, last) <= 0; tried++) {
    const block: Prefix = { ip, length: search.length };
    const obstacle = search.blocks.find((other) => containsPrefix(other.block, block));
    if (obstacle === undefined && cut.isUseful(block) && isFree(cut, search, block)) return block;
    ip = addressAt(obstacle === undefined ? addressAt(ip, size - 1n) : lastOf(obstacle.block), 1n);
  }
  return undefined;
}

/** Blocks with nothing to hand out that are passed over before the subnet counts as full. */
const MAX_USELESS = 65_536;
