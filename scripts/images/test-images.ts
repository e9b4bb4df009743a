import { kubeAsset } from "@pharos/lab/kubernetes";
import type { ImageSettings } from "./oci-image.ts";
import { programFiles, withFolders } from "./root-files.ts";
import type { TarEntry } from "./tar-stream.ts";

const BUSYBOX = "/bin/busybox";
const APPLETS = ["cat", "echo", "httpd", "ip", "ls", "nc", "nslookup", "ping", "sh", "sleep", "true", "udhcpc", "wget"];

/** Images of the cluster tier besides ours: what pods run, what holds their namespaces, and CoreDNS. */
export function testImages(env: NodeJS.ProcessEnv): readonly ImageSettings[] {
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const busybox: readonly TarEntry[] = [
    ...programFiles(BUSYBOX),
    ...APPLETS.map((applet): TarEntry => ({ kind: "link", path: `bin/${applet}`, target: "busybox" })),
    { kind: "folder", path: "tmp", mode: 0o1777 },
  ];
  const base = { architecture, env: ["PATH=/bin"] } as const;
  const coredns = kubeAsset("coredns", env);
  return [
    { ...base, name: "pharos-test/busybox:1", layers: [withFolders(busybox)], entrypoint: ["/bin/sh"] },
    { ...base, name: "pharos-test/pause:1", layers: [withFolders(busybox)], entrypoint: ["/bin/sleep", "2147483647"] },
    ...(coredns === undefined
      ? []
      : [
          {
            ...base,
            name: "pharos-test/coredns:1",
            layers: [withFolders([{ kind: "file", path: "coredns", from: coredns, mode: 0o755 }])],
            entrypoint: ["/coredns"],
          },
        ]),
  ];
}
