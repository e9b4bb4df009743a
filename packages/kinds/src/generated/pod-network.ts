// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** The attachment of a pod to a bridge, or a request for one. Pharos makes these. */
export interface PodNetwork {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "PodNetwork";
  readonly metadata: ObjectMeta;
  readonly spec: PodNetworkSpec;
  readonly status?: PodNetworkStatus;
}

/** What is attached, or asked for. */
export interface PodNetworkSpec {
  /** SoC or VM that the pod runs on. Absent in a request that any host may answer. Example: "vm1". */
  readonly host?: string;
  /** Bridge that it is attached to. Example: "podBr0". */
  readonly bridge?: string;
  /** The pod. Under Podman it is the container. */
  readonly pod?: PodReference;
  /** Identifier that the runtime gave to the sandbox or container. Example: "3f1d6d7c4a0e". */
  readonly containerID?: string;
  /** Name of the interface inside the pod. Example: "eth0". */
  readonly ifname?: string;
  /** Makes this object a request (RequestNetworkPod). */
  readonly request?: PodNetworkRequest;
  /** On an attachment that answers a request, that request's id. Example: "5d1d9f1c". */
  readonly requestID?: string;
}

/** Makes this object a request (RequestNetworkPod). */
export interface PodNetworkRequest {
  /** The request_id that the caller got. Example: "5d1d9f1c". */
  readonly id: string;
  /** pod_name as the caller sent it - a pod, or a scenario of Piccolo. Example: "perception-pod". */
  readonly podName: string;
  /** Network documents as the caller sent them. */
  readonly networkYaml?: string;
  /** Node document as the caller sent it. */
  readonly nodeYaml?: string;
  /** When it was asked for (RFC 3339, UTC). Example: "2026-01-02T03:04:05Z". */
  readonly requestedAt: string;
  /** Labels that choose containers besides the name. Example: {"io.pullpiri.annotations.scenario":"helloworld"}. */
  readonly selector?: Readonly<Record<string, string>>;
}

/** The pod. Under Podman it is the container. */
export interface PodReference {
  /** Its namespace. Example: "default". */
  readonly namespace: string;
  /** Its name. Example: "perception-pod". */
  readonly name: string;
}

/** How it stands. */
export interface PodNetworkStatus {
  /** How far it is. Example: "Attached". */
  readonly phase: "Pending" | "Attached" | "Failed" | "Released";
  /** Addresses of the pod with prefix length (CIDR). Example: ["10.2.1.5/24"]. */
  readonly addresses?: readonly string[];
  /** Hardware address of the pod's interface. Example: "02:00:00:00:00:01". */
  readonly mac?: string;
  /** The host's end of the veth. Example: "veth3f1d6d7c". */
  readonly hostInterface?: string;
  /** Path of the pod's network namespace. Example: "/var/run/netns/cni-1". */
  readonly netns?: string;
  /** What failed, or what is waited for. Example: "no container of this name runs yet". */
  readonly message?: string;
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
