// Who reaches whom: measured by real packets, beside what explain says of the same flow.
import type { Explainer, Explanation } from "@pharos/compiler";
import type { ProbeTarget } from "./probe/prober.ts";
import type { VehicleLab } from "./vehicle-lab.ts";

/** A machine or pod and the address that others try. */
export interface Place {
  readonly name: string;
  readonly address: string;
}

/** A kind of traffic that is tried between all places. */
export type Traffic = Omit<ProbeTarget, "address">;

export interface Comparison {
  readonly from: string;
  readonly to: string;
  readonly traffic: string;
  readonly reached: boolean;
  readonly explanation: Explanation;
  /** The packets did what explain said. */
  readonly agree: boolean;
}

export function trafficText({ protocol, port }: Traffic): string {
  return port === undefined ? protocol : `${protocol}/${port}`;
}

/** Tries every ordered pair with every traffic. Sources work in parallel, one flow after the other each. */
export async function compareAll(
  lab: VehicleLab,
  places: readonly Place[],
  traffics: readonly Traffic[],
  explainer: Explainer,
): Promise<readonly Comparison[]> {
  for (const place of places) await lab.prober(place.name);
  const bySource = await Promise.all(places.map((from) => compareFrom(lab, { from, places, traffics, explainer })));
  return bySource.flat();
}

interface Source {
  readonly from: Place;
  readonly places: readonly Place[];
  readonly traffics: readonly Traffic[];
  readonly explainer: Explainer;
}

async function compareFrom(lab: VehicleLab, { from, places, traffics, explainer }: Source): Promise<readonly Comparison[]> {
  const prober = await lab.prober(from.name);
  const targets = places.filter((place) => place.name !== from.name).flatMap((to) => traffics.map((traffic) => ({ to, traffic })));
  return Promise.all(
    targets.map(async ({ to, traffic }) => {
      const reached = await prober.reaches({ ...traffic, address: to.address }, 600);
      const { value } = explainer.explain({ from: from.name, to: to.address, ...traffic });
      if (value === undefined) throw new Error(`explain knows no way from ${from.name} to ${to.name}`);
      const passes = value.verdict === "ACCEPT" || value.verdict === "UNGOVERNED";
      return { from: from.name, to: to.name, traffic: trafficText(traffic), reached, explanation: value, agree: reached === passes };
    }),
  );
}
