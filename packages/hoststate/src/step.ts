import type { RenderedFile } from "./files.ts";
import type { Address } from "./network/addresses.ts";
import type { Link } from "./network/links.ts";
import type { PolicyRule } from "./network/policy-rules.ts";
import type { Route } from "./network/routes.ts";
import type { Sysctl } from "./network/sysctls.ts";

/** One thing to do to a kernel. A plan is a list of steps; executors are a mapped type over `kind`. */
export type Step =
  /** One transaction for `nft -f -`, all or nothing. */
  | { readonly kind: "firewall.apply"; readonly transaction: string }
  | { readonly kind: "link.create"; readonly link: Link }
  | { readonly kind: "link.set"; readonly link: Link; readonly observed: Link }
  | { readonly kind: "link.delete"; readonly link: Link }
  | { readonly kind: "sysctl.set"; readonly sysctl: Sysctl }
  | { readonly kind: "address.add"; readonly address: Address }
  | { readonly kind: "address.delete"; readonly address: Address }
  | { readonly kind: "policy-rule.add"; readonly rule: PolicyRule }
  | { readonly kind: "policy-rule.delete"; readonly rule: PolicyRule }
  | { readonly kind: "route.replace"; readonly route: Route }
  | { readonly kind: "route.delete"; readonly route: Route }
  | { readonly kind: "file.write"; readonly file: RenderedFile }
  | { readonly kind: "file.delete"; readonly file: RenderedFile };

export type StepKind = Step["kind"];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;
