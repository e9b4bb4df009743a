import { type Clock, describeError, type Log, PharosError } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { CHANGE_ANNOTATION, DOOR_ANNOTATION } from "../annotations.ts";
import { STORE_EXISTS, STORE_FILE_LOST, STORE_HISTORY_GONE, STORE_NOT_FOUND, STORE_UNAVAILABLE } from "../codes.ts";
import { createdObject, objectWithStatus, type StoredObject, updatedObject, withResourceVersion, withStamp } from "../next-object.ts";
import type { ApplySetResult, ChangeSet, Listing, ObjectRef, Store, WatchEvent, WatchOptions } from "../store.ts";
import { type Admit, admitted } from "./admission.ts";
import { Bell } from "./bell.ts";
import { isKnown, keyOf, keyOfObject, keyText, refOfKey, requireDistinct, requireVersion } from "./key.ts";
import { fileIdentity, isDamage, type StoreFile } from "./store-file.ts";
import { type ChangeType, type HistoryBounds, type Key, Tables } from "./tables.ts";

export interface EmbeddedStoreOptions {
  /** The SQLite file. Its folder must exist. */
  readonly path: string;
  readonly admit: Admit;
  readonly clock: Clock;
  /** Random UUIDs for the epoch, uids and change sets. */
  readonly newId: () => string;
  readonly log: Log;
  /** Called once when the file is gone from its path or damaged; every later call throws STORE_FILE_LOST. */
  readonly onLost?: (error: PharosError) => void;
  readonly history?: HistoryBounds;
}

export const DEFAULT_HISTORY: HistoryBounds = { events: 5000, size: 32 * 1024 * 1024 };

interface Change {
  readonly key: Key;
  readonly type: ChangeType;
  readonly object: StoredObject;
}

/** Events that a watch reads in one go. */
const WATCH_BATCH = 100;

/** A watch whose kind is quiet learns the present point after this many changes of other kinds. */
const BOOKMARK_EVERY = 500;

export class EmbeddedStore implements Store {
  readonly #file: StoreFile;
  readonly #options: EmbeddedStoreOptions;
  readonly #tables: Tables;
  readonly #bell = new Bell();
  #lost: PharosError | undefined;
  #closed = false;

  constructor(file: StoreFile, options: EmbeddedStoreOptions) {
    this.#file = file;
    this.#options = options;
    this.#tables = new Tables(file.database, options.history ?? DEFAULT_HISTORY);
  }

  async epoch(): Promise<string> {
    return this.#access(() => this.#tables.epoch());
  }

  async get<K extends Kind>(ref: ObjectRef<K>): Promise<KindMap[K] | undefined> {
    return this.#access(() => this.#tables.get(keyOf(ref)) as KindMap[K] | undefined);
  }

  async list<K extends Kind>(kind: K): Promise<Listing<K>> {
    return this.#access(() => ({
      items: this.#tables.list(kind).map(ofKind<K>),
      resourceVersion: String(this.#tables.sequence()),
    }));
  }

  async *watch<K extends Kind>(kind: K, { resourceVersion, signal }: WatchOptions): AsyncGenerator<WatchEvent<K>> {
    let cursor = Number(resourceVersion);
    while (!signal.aborted) {
      const { rows, last } = this.#access(() => this.#readHistory(kind, cursor));
      for (const { sequence, type, object } of rows) {
        cursor = sequence;
        yield { type, object: ofKind<K>(object), resourceVersion: String(sequence) };
        if (signal.aborted) return;
      }
      if (rows.length > 0) continue;
      if (last - cursor >= BOOKMARK_EVERY) {
        cursor = last;
        yield { type: "BOOKMARK", resourceVersion: String(last) };
        continue;
      }
      await this.#bell.wait(signal);
    }
  }

  async create<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    const given = this.#admitted(object);
    return this.#write((commit) => {
      const key = keyOfObject(given);
      if (this.#tables.get(key) !== undefined) throw new PharosError(STORE_EXISTS, `${keyText(key)} exists already`);
      return ofKind<K>(commit({ key, type: "ADDED", object: this.#born(given) }));
    });
  }

  async update<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    const given = this.#admitted(object);
    return this.#write((commit) => {
      const key = keyOfObject(given);
      const current = this.#present(key);
      requireVersion(current, given);
      const next = updatedObject(current, given);
      return ofKind<K>(next === undefined ? current : commit({ key, type: "MODIFIED", object: next }));
    });
  }

  async patchStatus<K extends Kind>(ref: ObjectRef<K>, status: NonNullable<KindMap[K]["status"]>): Promise<KindMap[K]> {
    return this.#write((commit) => {
      const key = keyOf(ref);
      const current = this.#present(key);
      const next = objectWithStatus(current, status);
      if (next === undefined) return ofKind<K>(current);
      admitted(next, this.#options.admit, current);
      return ofKind<K>(commit({ key, type: "MODIFIED", object: next }));
    });
  }

  async delete(ref: ObjectRef): Promise<void> {
    this.#write((commit) => {
      const key = keyOf(ref);
      commit({ key, type: "DELETED", object: this.#present(key) });
    });
  }

  async applySet(changes: ChangeSet): Promise<ApplySetResult> {
    const given = changes.apply.map((object) => this.#admitted(object));
    requireDistinct([...given.map(keyOfObject), ...changes.delete.map(keyOf)]);
    return this.#write((commit) => {
      const planned = [...given.flatMap((object) => this.#applied(object)), ...changes.delete.flatMap((ref) => this.#deleted(ref))];
      const stamp = { [CHANGE_ANNOTATION]: `${this.#options.newId()}/${planned.length}`, [DOOR_ANNOTATION]: changes.door };
      for (const change of planned) commit({ ...change, object: withStamp(change.object, stamp) });
      return { resourceVersion: String(this.#tables.sequence()), changed: planned.map(({ key }) => refOfKey(key)) };
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#bell.ring();
    this.#file.database.close();
  }

  #applied(given: StoredObject): Change[] {
    const key = keyOfObject(given);
    const current = this.#tables.get(key);
    if (current === undefined) return [{ key, type: "ADDED", object: this.#born(given) }];
    requireVersion(current, given);
    const next = updatedObject(current, given);
    return next === undefined ? [] : [{ key, type: "MODIFIED", object: next }];
  }

  #deleted(ref: ObjectRef): Change[] {
    const key = keyOf(ref);
    const current = this.#tables.get(key);
    return current === undefined ? [] : [{ key, type: "DELETED", object: current }];
  }

  #born(given: StoredObject): StoredObject {
    return createdObject(given, { uid: this.#options.newId(), now: this.#options.clock.now() });
  }

  #present(key: Key): StoredObject {
    const current = this.#tables.get(key);
    if (current === undefined) throw new PharosError(STORE_NOT_FOUND, `there is no ${keyText(key)}`);
    return current;
  }

  #admitted(object: KindMap[Kind]): StoredObject {
    const previous = isKnown(object) ? this.#access(() => this.#tables.get(keyOfObject(object))) : undefined;
    return admitted(object, this.#options.admit, previous);
  }

  #readHistory(kind: Kind, cursor: number) {
    const last = this.#tables.sequence();
    if (!(cursor >= this.#tables.floor() && cursor <= last)) {
      throw new PharosError(STORE_HISTORY_GONE, `changes of ${kind} after ${cursor} are no longer known`);
    }
    return { rows: this.#tables.history(kind, cursor, WATCH_BATCH), last };
  }

  /** One transaction. `commit` gives the change the next resourceVersion and returns the object as it is stored. */
  #write<T>(work: (commit: (change: Change) => StoredObject) => T): T {
    return this.#access(() => {
      this.#requireFile();
      const { database } = this.#file;
      database.exec("BEGIN IMMEDIATE");
      let result: T;
      let sequence = this.#tables.sequence();
      try {
        result = work(({ key, type, object }) => {
          sequence += 1;
          const stored = withResourceVersion(object, String(sequence));
          this.#tables.write(key, type, stored, sequence);
          return stored;
        });
        this.#tables.trim();
        database.exec("COMMIT");
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
      this.#bell.ring();
      return result;
    });
  }

  #access<T>(work: () => T): T {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#closed) throw new PharosError(STORE_UNAVAILABLE, "the store is closed");
    try {
      return work();
    } catch (error) {
      if (error instanceof PharosError) throw error;
      if (isDamage(error)) throw this.#lose(`${this.#file.path} is damaged`, error);
      throw new PharosError(STORE_UNAVAILABLE, `cannot use ${this.#file.path}`, { cause: error });
    }
  }

  /** Throws when the path no longer names the open file: what is written there would be gone at the next start. */
  #requireFile(): void {
    if (fileIdentity(this.#file.path) === this.#file.identity) return;
    throw this.#lose(`${this.#file.path} was removed or replaced`);
  }

  /** For the timer: true while the path names the open file. */
  checkFile(): boolean {
    if (this.#lost !== undefined || this.#closed) return false;
    if (fileIdentity(this.#file.path) === this.#file.identity) return true;
    this.#lose(`${this.#file.path} was removed or replaced`);
    return false;
  }

  #lose(message: string, cause?: unknown): PharosError {
    const error = new PharosError(STORE_FILE_LOST, message, cause === undefined ? {} : { cause });
    this.#lost = error;
    this.#options.log.error(describeError(error));
    this.#bell.ring();
    this.#options.onLost?.(error);
    return error;
  }
}

/** What was admitted as an object of its kind comes back as one. */
function ofKind<K extends Kind>(object: unknown): KindMap[K] {
  return object as KindMap[K];
}
