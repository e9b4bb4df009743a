// Builds Kubernetes' programs (and what a cluster on one machine needs beside them) from pinned Go modules into a cache
// outside the tree, and fetches a file system with Podman 5 from Debian. `--list` prints what is there; programs in $KUBEBUILDER_ASSETS are taken from there.
import { existsSync } from "node:fs";
import { assetCache, kubeAsset, pinnedModules } from "@pharos/lab/kubernetes";
import { buildModule } from "./kube-assets/build-module.ts";
import { makePodmanRoot, podmanRoot } from "./kube-assets/podman-root.ts";

const all = pinnedModules();
const missing = all.filter(({ programs }) => Object.keys(programs).some((program) => kubeAsset(program, process.env) === undefined));
if (process.argv.includes("--list")) {
  for (const { programs, version } of all) {
    for (const program of Object.keys(programs)) console.log(`${program} ${version} ${kubeAsset(program, process.env) ?? "missing"}`);
  }
  console.log(`podman 5 ${existsSync(podmanRoot(process.env)) ? podmanRoot(process.env) : "missing"}`);
} else {
  if (missing.length > 0) {
    const names = missing.flatMap(({ programs }) => Object.keys(programs)).join(", ");
    console.log(`kube-assets: building ${names} into ${assetCache(process.env)} (about 10 minutes on two cores, once)`);
  }
  for (const pinned of missing) await buildModule(pinned);
  if (!existsSync(podmanRoot(process.env))) {
    console.log("kube-assets: a file system with Podman 5, from Debian's packages");
    makePodmanRoot(process.env);
  }
  if (existsSync(assetCache(process.env))) console.log("kube-assets: ready");
}
