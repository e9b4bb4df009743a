export interface InitOptions {
  readonly name: string;
  /** 1 to 16. */
  readonly socs: number;
  /** VMs in all, spread over the SoCs in turn; 0 to 64, at most 32 on a SoC. */
  readonly vms: number;
  /** Where an editor finds the schema: a path or URL. */
  readonly schema: string;
}

interface SocPlan {
  readonly name: string;
  readonly index: number;
  readonly vms: readonly string[];
}

/** A commented vehicle in the specification's spelling: Node, Bridge (for VMs, for pods) and RoutingConfig in one stream. */
export function initVehicle(options: InitOptions): string {
  const socs = Array.from({ length: options.socs }, (_, index): SocPlan => {
    const vms = Array.from({ length: options.vms }, (_, vm) => vm).filter((vm) => vm % options.socs === index);
    return { name: `soc${index + 1}`, index, vms: vms.map((vm) => `vm${vm + 1}`) };
  });
  return [header(options.schema), nodeDocument(options.name, socs), ...bridgeDocuments(socs), routingDocument(socs)].join("---\n");
}

function header(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# A vehicle for Pharos. Check it with \`pharosctl validate -f FILE\`, see what each kernel would get with
# \`pharosctl plan -f FILE\`, and try it with \`pharosctl lab up -f FILE\`.
`;
}

function nodeDocument(name: string, socs: readonly SocPlan[]): string {
  const body = socs.map(socEntry).join("");
  return `# The machines: SoCs, the VMs on them, and the clouds that they reach.
apiVersion: v1
kind: node
metadata:
  name: ${name}-node
spec:
  name: ${name}
  # What forwarded traffic between different zones gets when no rule matches: DROP (the default) or ACCEPT.
  defaultAction: DROP
  # \`audit\` counts and logs what would be dropped, and drops nothing.
  enforcement: enforce
  socs:
${body}`;
}

function socEntry(soc: SocPlan): string {
  const vms = soc.vms.map((vm, position) => vmEntry(soc, vm, position)).join("");
  return `    - name: ${soc.name}
      interfaces:
        # The wire between the SoCs. Interfaces with one subnet are on one wire; \`segment\` says so by name.
        - name: eth0
          type: static
          address: 10.1.0.${soc.index + 2}/24
${vms === "" ? "" : `      vms:\n${vms}`}`;
}

function vmEntry(soc: SocPlan, vm: string, position: number): string {
  return `        - name: ${vm}
          interfaces:
            - name: eth0
              type: static
              address: 10.2.${soc.index}.${position + 10}/24
              gateway: 10.2.${soc.index}.1
              # A segment named like a bridge: this VM is a port of it on its SoC (the port is called ${vm}Eth0 there).
              segment: ${vmBridge(soc)}
`;
}

function vmBridge(soc: SocPlan): string {
  return `vmBr${soc.index}`;
}

function podBridges(socs: readonly SocPlan[]): readonly { readonly name: string; readonly host: string; readonly subnet: string }[] {
  const hosts = socs.flatMap((soc) => (soc.vms.length > 0 ? soc.vms : [soc.name]));
  return hosts.map((host, index) => ({ name: `podBr${index}`, host, subnet: `10.3.${index}.0/24` }));
}

function bridgeDocuments(socs: readonly SocPlan[]): readonly string[] {
  const vm = socs
    .filter((soc) => soc.vms.length > 0)
    .map(
      (soc) => `    # Connects the VMs of ${soc.name} with it; the SoC is 10.2.${soc.index}.1.
    - name: ${vmBridge(soc)}
      type: bridge
      bridgeFor: vm
      hosts: [${soc.name}]
      isGateway: true
      ipam:
        type: host-local
        ranges:
          - subnet: 10.2.${soc.index}.0/24
`,
    );
  const pods = podBridges(socs).map(
    ({ name, host, subnet }) => `    # Pods on ${host} get their address from here.
    - name: ${name}
      type: bridge
      bridgeFor: pod
      hosts: [${host}]
      isGateway: true
      ipMasq: false
      ipam:
        type: host-local
        ranges:
          - subnet: ${subnet}
        routes:
          - dst: 0.0.0.0/0
`,
  );
  const forPods = bridgeDocument("pod-bridges", "The bridges for pods, on each machine that runs pods.", pods);
  return vm.length === 0 ? [forPods] : [bridgeDocument("vm-bridges", "The bridges for VMs, on their SoC.", vm), forPods];
}

function bridgeDocument(name: string, comment: string, bridges: readonly string[]): string {
  return `# ${comment}
apiVersion: v1
kind: bridge
metadata:
  name: ${name}
spec:
  bridges:
${bridges.join("")}`;
}

function routingDocument(socs: readonly SocPlan[]): string {
  const [first, second] = podBridges(socs);
  const other = second?.name ?? "soc1";
  return `# Who may reach whom. The ends are bridges, hosts, interfaces (soc1Eth0), cloud VMs or \`world\`. The first match counts; the
# rest is dropped (spec.defaultAction of the node). Inside one bridge all passes.
apiVersion: v1
kind: routingConfig
metadata:
  name: vehicle-routing
spec:
  routingInfo:
    # Pods on ${first?.host ?? ""} may reach ${other} on TCP 50000; replies pass by themselves.
    - srcIntfName: ${first?.name ?? ""}
      dstIntfName: ${other}
      rules:
        - action: ACCEPT
          protocol: tcp
          dstPort: 50000
`;
}
