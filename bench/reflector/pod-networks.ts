import type { PodNetwork } from "@pharos/kinds";
import { refOf, type Store } from "@pharos/store";
import { writeMany } from "./write-many.ts";

/** Writes attachments as agents publish them, with their status. */
export function writePodNetworks(store: Store, count: number): Promise<void> {
  return writeMany(count, async (index) => {
    const { status, ...object } = podNetwork(index);
    await store.create<"PodNetwork">(object);
    await store.patchStatus(refOf<"PodNetwork">(object), status);
  });
}

function podNetwork(index: number): PodNetwork & { readonly status: NonNullable<PodNetwork["status"]> } {
  const id = index.toString(16).padStart(12, "0");
  const containerID = `${id}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d`;
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name: `${containerID.slice(0, 40)}-eth0`, namespace: "default" },
    spec: {
      host: `host-${index % 10}`,
      bridge: "podBr0",
      pod: { namespace: "default", name: `perception-${id.slice(-6)}-x7k2p` },
      containerID,
      ifname: "eth0",
    },
    status: {
      phase: "Attached",
      addresses: [`10.${index % 200}.${(index >> 8) % 256}.${index % 256}/16`],
      mac: `02:00:00:${[16, 8, 0].map((shift) => ((index >> shift) % 256).toString(16).padStart(2, "0")).join(":")}`,
      hostInterface: `veth${id.slice(-8)}`,
      netns: `/var/run/netns/cni-${id}-9f86-d081-884c`,
    },
  };
}
