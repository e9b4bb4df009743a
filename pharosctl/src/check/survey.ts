/** What `check` sees of the machine that it runs on. */
export interface HostSurvey {
  /** `uname -r`. */
  readonly kernel: string;
  /** `nft --version`, for example 1.0.6; undefined: not there, or it cannot be run. */
  readonly nft: string | undefined;
  /** Why `nft list tables` failed; undefined: it works, or was not tried. */
  readonly nftProblem?: string;
  readonly hasIp: boolean;
  readonly hasTc: boolean;
  readonly bridgeNetfilter: boolean;
  readonly ipv6: boolean;
  readonly interfaces: readonly SurveyedInterface[];
  /** CNI configurations, in the order in which a runtime reads them. */
  readonly cniFiles: readonly { readonly path: string; readonly types: readonly string[] }[];
  /** Present where k3s is installed. */
  readonly k3s?: { readonly arguments: readonly string[]; readonly from: string };
}

export interface SurveyedInterface {
  readonly name: string;
  /** `ADDRESS/LENGTH`. */
  readonly addresses: readonly string[];
  readonly manager?: "NetworkManager" | "networkd";
  /** True for what is no device of the machine: bridges, veths, tunnels. */
  readonly virtual: boolean;
}

/** What `check` sees of the cluster. */
export interface ClusterSurvey {
  readonly nodes: readonly { readonly name: string; readonly podCidrs: readonly string[]; readonly ready: boolean }[];
  readonly networkPolicies: readonly string[];
  /** Service range as far as Services show it: the address of default/kubernetes. */
  readonly apiService?: string;
  /** DaemonSets that look like a CNI of somebody else. */
  readonly foreignNetworks: readonly string[];
  /** Kinds of pharos.io that the API server serves. */
  readonly kinds: readonly string[];
  readonly documents: readonly SurveyedDocument[];
  readonly hosts: readonly { readonly host: string; readonly node: string; readonly state: string; readonly message: string }[];
  /** Holder of the operator's Lease; undefined: no Lease. */
  readonly leader?: string;
}

export interface SurveyedDocument {
  readonly title: string;
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
}
