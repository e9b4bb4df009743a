import { hasCode } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { CHANGE_ANNOTATION, changeTag, DELETING_ANNOTATION, DOOR_ANNOTATION } from "../annotations.ts";
import { STORE_NOT_FOUND } from "../codes.ts";
import { type Stamp, withStamp } from "../next-object.ts";
import { refOf, refText } from "../ref.ts";
import { refusal } from "../refused.ts";
import type { ApplySetResult, ChangeSet, ObjectRef } from "../store.ts";
import type { ObjectWriter, RawObject, WriteOptions } from "./object-writer.ts";
import { repeatOnConflict } from "./repeat-on-conflict.ts";

/** One object's part of a change set. */
type Step =
  | { readonly kind: "create"; readonly ref: ObjectRef; readonly object: KindMap[Kind] }
  | { readonly kind: "replace"; readonly ref: ObjectRef; readonly object: RawObject; readonly given: KindMap[Kind] }
  | { readonly kind: "delete"; readonly ref: ObjectRef; readonly object: RawObject };

/**
 * Writes objects that belong together. Kubernetes has no transactions: the server first checks each write without storing
 * it, so that a set with one bad object changes nothing; then each is written with the set's tag, by which the operator
 * knows when all are there. Deletions are tagged before they are carried out.
 */
export async function applyChangeSet(writer: ObjectWriter, changes: ChangeSet, id: string): Promise<ApplySetResult> {
  requireDistinct([...changes.apply.map((object) => refOf(object)), ...changes.delete]);
  const applied = await Promise.all(changes.apply.map((object) => appliedStep(writer, object)));
  const deleted = await Promise.all(changes.delete.map((ref) => deletedStep(writer, ref)));
  const steps = [...applied, ...deleted].flat();
  const stamp = { [CHANGE_ANNOTATION]: `${id}/${steps.length}`, [DOOR_ANNOTATION]: changes.door };
  for (const step of steps) await carryOut(writer, step, { stamp, dryRun: true });
  let resourceVersion = "";
  for (const step of steps) {
    const written = await carryOut(writer, step, { stamp });
    resourceVersion = written?.metadata.resourceVersion ?? resourceVersion;
  }
  return { resourceVersion, changed: steps.map(({ ref }) => ref) };
}

async function appliedStep(writer: ObjectWriter, object: KindMap[Kind]): Promise<readonly Step[]> {
  const ref = refOf(object);
  const current = await writer.read(ref);
  if (current === undefined) return [{ kind: "create", ref, object }];
  const next = writer.replaced(current, object);
  return next === undefined ? [] : [{ kind: "replace", ref, object: next, given: object }];
}

async function deletedStep(writer: ObjectWriter, ref: ObjectRef): Promise<readonly Step[]> {
  const object = await writer.read(ref);
  return object === undefined ? [] : [{ kind: "delete", ref, object }];
}

interface StepOptions extends WriteOptions {
  readonly stamp: Stamp;
}

function carryOut(writer: ObjectWriter, step: Step, options: StepOptions): Promise<RawObject | undefined> {
  return repeatOnConflict(!namesVersion(step), async (isFirst) => write(writer, isFirst ? step : await renewed(writer, step), options));
}

function namesVersion(step: Step): boolean {
  return step.kind === "replace" && step.given.metadata.resourceVersion !== undefined;
}

/** The step for the object as it is by now. One that went meanwhile stays as it is: writing it tells so. */
async function renewed(writer: ObjectWriter, step: Step): Promise<Step> {
  const current = step.kind === "create" ? undefined : await writer.read(step.ref);
  if (step.kind === "create" || current === undefined) return step;
  if (step.kind === "delete") return { ...step, object: current };
  // An object that became equal meanwhile is still written: the set's tag counts it.
  return { ...step, object: writer.replaced(current, step.given) ?? current };
}

function write(writer: ObjectWriter, step: Step, options: StepOptions): Promise<RawObject | undefined> {
  const { stamp, dryRun = false } = options;
  switch (step.kind) {
    case "create":
      return writer.create(withStamp(step.object, stamp) as KindMap[Kind], { dryRun });
    case "replace":
      return writer.replace(withStamp(step.object, stamp) as RawObject, { dryRun });
    case "delete":
      return tombstone(writer, step, options);
  }
}

/** A deletion carries no annotations of its own, so the object is tagged first. One that goes meanwhile is gone: that was wanted. */
async function tombstone(writer: ObjectWriter, { ref, object }: Extract<Step, { kind: "delete" }>, { stamp, dryRun = false }: StepOptions) {
  const id = changeTag(stamp)?.id ?? "";
  try {
    const marked = await writer.replace(withStamp(object, { ...stamp, [DELETING_ANNOTATION]: id }) as RawObject, { dryRun });
    const { resourceVersion } = marked.metadata;
    // A dry run's answer has a version that nothing has.
    await writer.remove(ref, { dryRun, ...(dryRun || resourceVersion === undefined ? {} : { resourceVersion }) });
  } catch (error) {
    if (!hasCode(error, STORE_NOT_FOUND)) throw error;
  }
  return undefined;
}

function requireDistinct(refs: readonly ObjectRef[]): void {
  const seen = new Set<string>();
  for (const ref of refs) {
    const text = refText(ref);
    if (seen.has(text)) throw refusal(text, "", "the change set names it twice");
    seen.add(text);
  }
}
