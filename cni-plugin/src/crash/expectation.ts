import type { ChildEnd } from "./child.ts";
import { differencesOf } from "./host-lines.ts";
import type { PharosHost } from "./pharos-host.ts";

/** What a host looks like when all is well. */
export interface Expected {
  /** Without the victim. */
  readonly detached: readonly string[];
  /** With the victim. */
  readonly attached: readonly string[];
}

/** Learns how the host looks with the victim, and after its first DEL: the bridges and the nft table stay. */
export async function learnExpected(pharos: PharosHost): Promise<Expected> {
  await pharos.must("ADD");
  const attached = await pharos.lines();
  await pharos.must("DEL");
  return { attached, detached: await pharos.lines() };
}

/** Where a host is not as wanted, in words, each beginning with `after`. */
export async function faultsAfter(after: string, wanted: readonly string[], pharos: PharosHost): Promise<readonly string[]> {
  const { added, lost } = differencesOf(wanted, await pharos.lines());
  return [
    ...added.map((line) => `${after}: left over: ${line}`),
    ...lost.map((line) => `${after}: missing: ${line}`),
    ...pharos.duplicates().map((address) => `${after}: held twice: ${address}`),
  ];
}

/** That a call failed, in words. */
export function failureOf(what: string, { code, signal, stdout, stderr }: ChildEnd): readonly string[] {
  return code === 0 ? [] : [`${what}: ${signal ?? `code ${code}`}: ${stdout}${stderr}`];
}
