export interface InstallNames {
  readonly version: string;
  readonly imageFile: string;
  readonly imageName: string;
  readonly chartFile: string;
}

/** What to do with the bundle, for a person at a machine without any network. */
export function installText({ version, imageFile, imageName, chartFile }: InstallNames): string {
  return `Pharos ${version} without a network.

First: sha256sum --check --quiet sha256sums

k3s, before it is started the first time (its own images are needed beside these: k3s-airgap-images-*.tar of its release):
  1. on every node:   mkdir -p /var/lib/rancher/k3s && cp -rL k3s/agent /var/lib/rancher/k3s/
  2. on every server: cp -rL k3s/server /var/lib/rancher/k3s/
  3. start the servers with --flannel-backend=none --disable-network-policy
  k3s imports the image and installs the chart by itself; the chart's values are in k3s/server/manifests/pharos.yaml.

Any other Kubernetes:
  1. on every node:   ctr --namespace k8s.io images import ${imageFile}
  2. once:            helm install pharos ${chartFile} --namespace pharos-system --create-namespace \\
                        --set apiServer.url=https://ADDRESS-OF-THE-API-SERVER:6443
  With a registry of your own: skopeo copy oci-archive:${imageFile} docker://REGISTRY/${imageName}
  and --set image.repository=REGISTRY/${imageName.replace(/:[^:]*$/, "")}

The chart holds the CRDs. Who installs them apart (--set crds.install=false): kubectl apply --server-side -f crds/
Update: the same steps with the newer bundle, and helm upgrade instead of helm install.
sbom.cdx.json says what the image is made of (CycloneDX 1.6).
`;
}
