/** A node of a kind's schema (OpenAPI v3, as far as the CRDs use it). */
export interface FieldSchema {
  readonly type: "object" | "array" | "string" | "integer" | "boolean";
  /** Meaning, with the unit. */
  readonly description?: string;
  readonly example?: unknown;
  /** Value of a field that is left out while the object around it is there. */
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** ECMAScript and RE2 agree on it. */
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly items?: FieldSchema;
  readonly additionalProperties?: FieldSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  /** Fields that tell the items of a list of type map apart. */
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}

/** A rule in the Common Expression Language about objects of a kind. */
export interface CelRule {
  /** The objects that it is about, `[]` for each item of a list: `spec.socs[].interfaces[]`. */
  readonly path: string;
  /** True when all is well. Variables: `self`, and in rules about changes `oldSelf`. */
  readonly rule: string;
  readonly message: string;
  /** The field to blame, relative to the object: `.address`. */
  readonly fieldPath?: string;
  /** Whether the field is missing, or must not be there. */
  readonly reason?: "FieldValueRequired" | "FieldValueForbidden";
}

/** One error of a validator, in ajv's form. */
export interface SchemaError {
  /** JSON pointer (RFC 6901) of the value. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** A compiled validator; after a refusal `errors` holds all errors of the last call. */
export interface SchemaValidator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}
