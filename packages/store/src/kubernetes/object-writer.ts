import { hasCode, PharosError } from "@pharos/base";
import { KIND_INFO, type Kind, type KindMap } from "@pharos/kinds";
import { STORE_CONFLICT, STORE_NOT_FOUND } from "../codes.ts";
import { type StoredObject, updatedObject } from "../next-object.ts";
import { refOf, refText } from "../ref.ts";
import type { ObjectRef } from "../store.ts";
import type { ApiObject } from "./reflector.ts";
import { callOf, type Place, pathOf, resourceOf } from "./resource.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface ObjectWriterOptions {
  readonly transport: Transport;
  readonly fieldManager: string;
  /** Throws when nothing may be written any more. */
  readonly mayWrite: () => void;
}

/** An object as the API server has it, with fields that we do not know. */
export type RawObject = StoredObject & ApiObject;

export interface WriteOptions {
  /** The server admits and refuses as always, and stores nothing. */
  readonly dryRun?: boolean;
}

/** Writes single objects of our kinds. */
export class ObjectWriter {
  readonly #options: ObjectWriterOptions;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
  }

  /** Undefined when there is no such object. */
  async read(ref: ObjectRef): Promise<RawObject | undefined> {
    const place = placeOf(ref);
    const resource = resourceOf(ref.kind);
    try {
      return await this.#options.transport.call<RawObject>({
        call: callOf("get", resource, place),
        method: "GET",
        path: pathOf(resource, place),
      });
    } catch (error) {
      if (hasCode(error, STORE_NOT_FOUND)) return undefined;
      throw error;
    }
  }

  create(object: KindMap[Kind], options: WriteOptions = {}): Promise<RawObject> {
    const { name, namespace, resourceVersion: _version, ...metadata } = withNamespace(object).metadata;
    const { apiVersion, kind, spec } = object;
    const resource = resourceOf(kind as Kind);
    const place = namespace === undefined ? {} : { namespace };
    const body = { apiVersion, kind, metadata: { ...metadata, name, ...place }, spec };
    const call = { ...callOf("create", resource, place), name };
    return this.#write({ call, method: "POST", path: `${pathOf(resource, place)}?${this.#query(options)}`, body });
  }

  /**
   * `current` with labels, annotations and spec of `given`; undefined when they are equal already. Throws STORE_CONFLICT
   * when `given` names another version.
   */
  replaced(current: RawObject, given: KindMap[Kind]): RawObject | undefined {
    const { resourceVersion } = given.metadata;
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw new PharosError(STORE_CONFLICT, `${refText(refOf(given))} was changed by somebody else`);
    }
    const next = updatedObject(current, { ...given, metadata: withoutApplied(given.metadata, current.metadata) });
    if (next === undefined) return undefined;
    const { labels, annotations } = next.metadata;
    return { ...current, metadata: { ...current.metadata, labels: labels ?? {}, annotations: annotations ?? {} }, spec: next.spec };
  }

  replace(object: RawObject, options: WriteOptions = {}): Promise<RawObject> {
    const resource = resourceOf(object.kind as Kind);
    const place = placeOf({ kind: object.kind as Kind, ...object.metadata });
    const path = `${pathOf(resource, place)}?${this.#query(options)}`;
    return this.#write({ call: callOf("update", resource, place), method: "PUT", path, body: object });
  }

  /** Server-side apply on the status: what we wrote before and no longer name goes, fields of others stay. */
  applyStatus<K extends Kind>(ref: ObjectRef<K>, status: NonNullable<KindMap[K]["status"]>): Promise<RawObject> {
    const resource = resourceOf(ref.kind);
    const place = { ...placeOf(ref), subresource: "status" };
    const metadata = { name: ref.name, ...(place.namespace === undefined ? {} : { namespace: place.namespace }) };
    const path = `${pathOf(resource, place)}?${this.#query({})}&force=true`;
    const body = { apiVersion: "pharos.io/v1", kind: ref.kind, metadata, status };
    return this.#write({
      call: callOf("patch", resource, place),
      method: "PATCH",
      path,
      body,
      contentType: "application/apply-patch+yaml",
    });
  }

  /** Throws STORE_NOT_FOUND when it is not there, STORE_CONFLICT when it is not of the version given. */
  async remove(ref: ObjectRef, options: WriteOptions & { readonly resourceVersion?: string } = {}): Promise<void> {
    const { dryRun, resourceVersion } = options;
    const resource = resourceOf(ref.kind);
    const place = placeOf(ref);
    const path = pathOf(resource, place);
    // The server reads either the body or the query: with a body, a dryRun in the query would be lost, and the object with it.
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      ...(dryRun === true ? { dryRun: ["All"] } : {}),
      ...(resourceVersion === undefined ? {} : { preconditions: { resourceVersion } }),
    };
    await this.#write({ call: callOf("delete", resource, place), method: "DELETE", path, body });
  }

  #write(request: ApiRequest): Promise<RawObject> {
    this.#options.mayWrite();
    return this.#options.transport.call<RawObject>(request);
  }

  #query({ dryRun }: WriteOptions): string {
    const query = new URLSearchParams({ fieldManager: this.#options.fieldManager, fieldValidation: "Strict" });
    if (dryRun === true) query.set("dryRun", "All");
    return query.toString();
  }
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl's own note is no part of what was read, so its absence is no wish to remove it. */
function withoutApplied(given: KindMap[Kind]["metadata"], current: RawObject["metadata"]): KindMap[Kind]["metadata"] {
  const note = current.annotations?.[LAST_APPLIED];
  return note === undefined ? given : { ...given, annotations: { ...given.annotations, [LAST_APPLIED]: note } };
}

function withNamespace(object: KindMap[Kind]): KindMap[Kind] {
  const { namespace } = placeOf(refOf(object));
  return namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

/** An object of a namespaced kind that names none is in `default`. */
function placeOf(ref: ObjectRef): Place & { readonly name: string } {
  const { name } = ref;
  return KIND_INFO[ref.kind].namespaced ? { name, namespace: ref.namespace ?? "default" } : { name };
}
