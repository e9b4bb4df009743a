import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assetCache } from "@pharos/lab/kubernetes";

/** The Debian release whose Podman is a 5: without CNI, networks by netavark alone. */
const RELEASE = "trixie";
/** What runs containers and the plugin, with the libraries that their executables name. */
const PACKAGES = [
  ..."podman netavark conmon crun runc nftables busybox-static libc6 libgcc-s1 libstdc++6 libatomic1 zlib1g libzstd1".split(" "),
  ..."libgpgme11t64 libgpg-error0 libassuan9 libseccomp2 libsubid5 libselinux1 libpcre2-8-0 libaudit1 libcap-ng0".split(" "),
  ..."libcrypt1 libacl1 libattr1 libsemanage2 libsepol2 libbz2-1.0 libcap2 libsystemd0 libyajl2 libglib2.0-0t64".split(" "),
  ..."libffi8 libsqlite3-0 liblzma5 liblz4-1 libpam0g libbsd0 libmd0 libtinfo6 libedit2 libgmp10 libjansson4".split(" "),
  ..."libmnl0 libnftnl11 libnftables1 libxtables12".split(" "),
];

/** Folder of a file system with Podman 5 in it. */
export function podmanRoot(env: NodeJS.ProcessEnv): string {
  return join(assetCache(env), `debian-${RELEASE}-podman`);
}

/** As `podmanRoot`, but a missing one is an error that says how to get it. */
export function requirePodmanRoot(env: NodeJS.ProcessEnv): string {
  const folder = podmanRoot(env);
  if (!existsSync(folder)) throw new Error(`${folder} is missing: \`make kube-assets\` makes it`);
  return folder;
}

/**
 * Makes the folder out of Debian packages from the mirror that this machine uses; nothing is installed. It appears whole or not at
 * all. Not pinned to versions: a point release takes the former ones off the mirror.
 */
export function makePodmanRoot(env: NodeJS.ProcessEnv): void {
  mkdirSync(assetCache(env), { recursive: true });
  const work = mkdtempSync(join(assetCache(env), ".debian-"));
  try {
    const apt = join(work, "apt");
    for (const path of ["lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d", "debs"])
      mkdirSync(join(apt, path), { recursive: true });
    writeFileSync(join(apt, "status"), "");
    writeFileSync(join(apt, "sources.list"), `deb ${mirror()} ${RELEASE} main\n`);
    const options = [
      `Dir::State::Lists=${join(apt, "lists")}`,
      `Dir::State::status=${join(apt, "status")}`,
      `Dir::Cache=${join(apt, "cache")}`,
      `Dir::Etc::sourcelist=${join(apt, "sources.list")}`,
      "Dir::Etc::sourceparts=/dev/null",
      "Acquire::Languages=none",
      "APT::Sandbox::User=root",
    ].flatMap((option) => ["-o", option]);
    run(apt, ["apt-get", ...options, "update", "-qq"]);
    run(join(apt, "debs"), ["apt-get", ...options, "download", "-qq", ...PACKAGES]);
    const root = join(work, "root");
    for (const folder of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64"]) mkdirSync(join(root, folder), { recursive: true });
    // Debian's folders of the root are links into /usr since release 12.
    for (const folder of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${folder}`, join(root, folder));
    for (const name of readdirSync(join(apt, "debs"))) run(work, ["dpkg-deb", "--extract", join(apt, "debs", name), root]);
    writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    rmSync(podmanRoot(env), { recursive: true, force: true });
    renameSync(root, podmanRoot(env));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where this machine gets Debian's packages from. */
function mirror(): string {
  const found = run("/", ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Label: Debian", "Created-By: Packages"]);
  const [first] = found.split("\n");
  if (first === undefined || first === "") throw new Error("apt knows no mirror of Debian: run apt-get update");
  return first;
}

function run(folder: string, [program = "", ...args]: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}
