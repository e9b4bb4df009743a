import type { Finding } from "@pharos/base";
import { parseIp } from "@pharos/hoststate";
import { HOST_UNKNOWN } from "../codes.ts";
import { found } from "../found.ts";
import type { Vehicle } from "../vehicle/model.ts";
import { suggestion } from "./names.ts";

/** A failsafe target is an address or a host of the vehicle; one that means nothing would protect nothing. */
export function failsafeFindings(vehicle: Vehicle): readonly Finding[] {
  const known = [...vehicle.hosts, ...vehicle.cloud].map((host) => host.name);
  return vehicle.failsafe.flatMap(({ host }, index) => {
    if (known.includes(host) || parseIp(host) !== undefined) return [];
    const says = `the failsafe target ${host} is no address and no host of ${vehicle.origin.document}${suggestion(host, known)}`;
    return [found({ code: HOST_UNKNOWN, at: vehicle.origin, field: `failsafe[${index}].host`, says })];
  });
}
