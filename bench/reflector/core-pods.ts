import { callOf, type KubernetesStore, pathOf, type Resource } from "@pharos/store/kubernetes";
import { writeMany } from "./write-many.ts";

/** Pods of the core group. */
export const PODS: Resource = { group: "", version: "v1", plural: "pods" };

/** Writes Pods as a Deployment's controller makes them and kubelet reports them: 3 to 4 kB of JSON each, managedFields included. */
export function writeCorePods({ transport }: KubernetesStore, count: number): Promise<void> {
  return writeMany(count, async (index) => {
    const { metadata, status, ...rest } = corePod(index);
    const place = { namespace: metadata.namespace };
    await transport.call({
      call: callOf("create", PODS, place),
      method: "POST",
      path: `${pathOf(PODS, place)}?fieldManager=kube-controller-manager`,
      body: { metadata, ...rest },
    });
    const own = { ...place, name: metadata.name, subresource: "status" };
    await transport.call({
      call: callOf("patch", PODS, own),
      method: "PATCH",
      path: `${pathOf(PODS, own)}?fieldManager=kubelet`,
      contentType: "application/strategic-merge-patch+json",
      body: { status },
    });
  });
}

function corePod(index: number) {
  const id = index.toString(16).padStart(5, "0");
  const podIP = `10.${index % 200}.${(index >> 8) % 256}.${index % 256}`;
  const hostIP = `192.168.10.${index % 10}`;
  const since = "2026-01-01T00:00:00Z";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `perception-6d4cf56db6-${id}`,
      namespace: "default",
      labels: { app: "perception", "pod-template-hash": "6d4cf56db6" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "perception-6d4cf56db6",
          uid: "6b1d3c0e-52a5-4e0e-9c38-0c9c5a3b7d11",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeName: `host-${index % 10}`,
      automountServiceAccountToken: false,
      containers: [{ name: "perception", image: "perception:1.4.2" }],
    },
    status: {
      phase: "Running",
      conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
        type,
        status: "True",
        lastTransitionTime: since,
      })),
      hostIP,
      hostIPs: [{ ip: hostIP }],
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: since,
      containerStatuses: [
        {
          name: "perception",
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: since } },
          lastState: {},
          image: "perception:1.4.2",
          imageID: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          containerID: `containerd://${id.repeat(12)}9f86`,
        },
      ],
    },
  };
}
