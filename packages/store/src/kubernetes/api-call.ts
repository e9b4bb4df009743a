/** One call of the API, for whoever derives what rights are needed. */
export interface ApiCall {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";
  /** Empty for the core group. */
  readonly group: string;
  /** Plural, with `/status` for the subresource. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  /** A patch that makes the object where there is none: it needs the right to create, too. */
  readonly creates?: true;
}

/** `list bridges.pharos.io`, as people write rights. */
export function describe({ verb, group, resource, name }: ApiCall): string {
  return `${verb} ${resource}${group === "" ? "" : `.${group}`}${name === undefined ? "" : ` ${name}`}`;
}
