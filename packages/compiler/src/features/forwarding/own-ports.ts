/** A port that no rule can close. */
export interface OpenPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** Ports of Pharos that are failsafe on every managed host unless it is configured otherwise: the Pharos API. */
export const OWN_PORTS: readonly OpenPort[] = [{ protocol: "tcp", port: 9091 }];
