import { type ApiObject, callOf, type KubernetesStore, pathOf, type Resource } from "@pharos/store/kubernetes";
import type { AnnotatePod } from "../pods/network-status-teller.ts";

const PODS: Resource = { group: "", version: "v1", plural: "pods" };

/** Gives core Pods annotations, by way of their status: who may write that still cannot change what a pod runs. */
export function podAnnotator({ transport }: Pick<KubernetesStore, "transport">): AnnotatePod {
  return async ({ namespace, name }, annotations) => {
    const place = { namespace, name, subresource: "status" };
    await transport.call<ApiObject>({
      call: callOf("patch", PODS, place),
      method: "PATCH",
      path: `${pathOf(PODS, place)}?fieldManager=pharos-agent`,
      body: { metadata: { annotations } },
      contentType: "application/merge-patch+json",
    });
  };
}
