import type { Feature } from "../contribution.ts";
import { bridge } from "./bridge.ts";
import { forwarding } from "./forwarding/feature.ts";
import { masquerade } from "./masquerade.ts";
import { node } from "./node.ts";
import { podNetworkData } from "./pod-network-data.ts";
import { routes } from "./routes.ts";

/** Every feature under the name that findings call it by. */
export const FEATURES: Readonly<Record<string, Feature>> = {
  bridge,
  forwardRules: forwarding,
  masquerade,
  node,
  podNetworkData,
  routes,
};
