import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Part } from "./cyclone-dx.ts";

/** The parts that Debian packages are, of which these files of this machine are; throws for a file of no package. */
export function debianParts(files: readonly string[]): readonly Part[] {
  const holders = Map.groupBy(files, packageOf);
  const release = debianRelease();
  return [...holders].map(([name, paths]) => {
    const [version = "", architecture = ""] = [field("Version", name), field("Architecture", name)];
    const plain = name.replace(/:.*$/, "");
    return {
      type: "library",
      name: plain,
      version,
      purl: `pkg:deb/debian/${encodeURIComponent(plain)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${release}`,
      in: [...new Set(paths)],
    };
  });
}

/** The package that a file is of. The database knows it by the path before /bin, /lib and /sbin became links, or after. */
function packageOf(file: string): string {
  const paths = [file, file.replace(/^\/usr(?=\/)/, ""), `/usr${file}`];
  for (const path of paths) {
    try {
      const [, name] = /^(\S+): /.exec(dpkg("--search", path)) ?? [];
      if (name !== undefined) return name;
    } catch {}
  }
  throw new Error(`${file} is of no Debian package: the bill of materials would lack it`);
}

function field(name: string, ofPackage: string): string {
  return dpkg("--show", `--showformat=$\{${name}}`, ofPackage);
}

function dpkg(...args: readonly string[]): string {
  return execFileSync("dpkg-query", [...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env: { LC_ALL: "C" } });
}

function debianRelease(): string {
  const release = readFileSync("/etc/os-release", "utf8");
  const [, id] = /^ID="?([^"\n]+)/m.exec(release) ?? [];
  const [, version] = /^VERSION_ID="?([^"\n]+)/m.exec(release) ?? [];
  return [id, version].filter((each) => each !== undefined).join("-");
}
