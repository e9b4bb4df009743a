import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "@pharos/lab/kubernetes";
import { installPlugin } from "./built-plugin.ts";
import { BUSYBOX, ContainerHost } from "./container-host.ts";

export const IMAGE = "localhost/busybox:1";
const APPLETS = ["cat", "httpd", "ip", "nc", "ping", "sh", "sleep"];
const OWN = ["/etc/cni/net.d", "/etc/containers", "/var/lib/containers", "/var/lib/pharos"];
/** Where the plugin lies on the host. */
export const PLUGIN_FOLDER = "/var/lib/pharos/bin";

export interface PodmanSettings {
  readonly name: string;
  /** Path of the plugin's executable. */
  readonly plugin: string;
  /** Lines of the section `[network]` of containers.conf. */
  readonly network: readonly string[];
  /** A file system with Podman in it instead of this machine's. */
  readonly root?: string;
}

/** A host with Podman: storage and configuration of its own, an image of busybox made here, nothing of systemd. */
export class PodmanHost {
  readonly host: ContainerHost;

  private constructor(host: ContainerHost) {
    this.host = host;
  }

  static start({ name, plugin, network, root }: PodmanSettings): PodmanHost {
    const host = ContainerHost.start({ name, own: OWN, ...(root === undefined ? {} : { root }) });
    const podman = new PodmanHost(host);
    try {
      podman.write("/etc/containers/containers.conf", [
        "[network]",
        ...network,
        "[engine]",
        'cgroup_manager = "cgroupfs"',
        'events_logger = "file"',
        'runtime = "runc"',
      ]);
      podman.write("/etc/containers/storage.conf", [
        "[storage]",
        'driver = "vfs"',
        'graphroot = "/var/lib/containers/storage"',
        'runroot = "/run/containers/storage"',
      ]);
      podman.write("/etc/containers/policy.json", ['{"default":[{"type":"insecureAcceptAnything"}]}']);
      installPlugin(plugin, join(host.ownFolder(PLUGIN_FOLDER), "pharos-cni"));
      podman.podman("import", imageArchive(host.folder), IMAGE);
      return podman;
    } catch (error) {
      void host.stop();
      throw error;
    }
  }

  /** Runs `podman`; its output without the line's end, or an error with its message. */
  podman(...args: readonly string[]): string {
    return this.host.run([BUSYBOX, "env", "PODMAN_IGNORE_CGROUPSV1_WARNING=1", "podman", ...args]).trim();
  }

  /** Starts a container that stays; answers its id. */
  runContainer(name: string, options: readonly string[], ...command: readonly string[]): string {
    const always = ["--detach", "--cap-add", "NET_RAW", "--cgroup-parent", this.host.cgroup, "--name", name];
    return this.podman("run", ...always, ...options, IMAGE, ...(command.length === 0 ? ["sleep", "1000000"] : command));
  }

  /** What `podman inspect` says of a container. */
  inspect(name: string): Inspected {
    const [inspected] = JSON.parse(this.podman("inspect", name)) as readonly Inspected[];
    if (inspected === undefined) throw new Error(`podman inspect ${name} says nothing`);
    return inspected;
  }

  /** Writes a file in one of the host's own folders. */
  write(path: string, lines: readonly string[]): void {
    const file = this.host.ownFolder(path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }
}

/** The part of `podman inspect` that tests look at. */
export interface Inspected {
  readonly Id: string;
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<
        string,
        {
          readonly IPAddress: string;
          readonly IPPrefixLen: number;
          readonly Gateway: string;
          readonly GlobalIPv6Address: string;
          readonly MacAddress: string;
        }
      >
    >;
  };
}

/** A tar archive with busybox alone, as `podman import` takes it. */
function imageArchive(folder: string): string {
  const root = join(folder, "image");
  for (const path of ["bin", "etc", "proc", "sys", "dev", "tmp"]) mkdirSync(join(root, path), { recursive: true });
  copyFileSync(BUSYBOX, join(root, "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
  const archive = join(folder, "image.tar");
  runProgram(["tar", "-C", root, "-cf", archive, "."]);
  return archive;
}
