import { SHAPE_REFUSED } from "./codes.ts";
import { isObject } from "./defaults.ts";
import { type DerivedDocuments, fromVehicleRoot } from "./vehicle-root.ts";

/** The canonical objects of a document that is no object of a kind but one of the other shapes; undefined when it is none of them. */
export function otherShape(value: unknown): DerivedDocuments | undefined {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined;
  if (Object.hasOwn(value, "vehicle")) return fromVehicleRoot(value.vehicle);
  return Object.hasOwn(value, "security_policy") ? securityPolicy() : undefined;
}

/** Its ends are namespaces, which no packet carries: to accept it would mean to widen or to drop its rules. */
function securityPolicy(): DerivedDocuments {
  const description = "security_policy names namespaces and services as ends, which Pharos cannot tell apart in packets yet";
  const recommendation = "write a SecurityConfig with allowed_pods, or a RoutingConfig between bridges";
  return { objects: [], issues: [{ entry: SHAPE_REFUSED, path: "security_policy", description, recommendation }] };
}
