import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredObject } from "../next-object.ts";

/** How much history is kept for watches. */
export interface HistoryBounds {
  readonly events: number;
  /** Characters of JSON. */
  readonly size: number;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** One change as the history keeps it; `sequence` is the resourceVersion. */
export interface HistoryRow {
  readonly sequence: number;
  readonly type: ChangeType;
  readonly object: StoredObject;
}

/** Names one row; an empty namespace for cluster-scoped kinds. */
export interface Key {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

type Row = Record<string, unknown> | undefined;

/** The SQL of the store: objects, history and meta, without any rule of their own. Callers open the transactions. */
export class Tables {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #bounds: HistoryBounds;
  /** Characters of JSON in the history; an upper bound after a transaction that was rolled back. */
  #size: number;

  constructor(database: DatabaseSync, bounds: HistoryBounds) {
    this.#statements = prepare(database);
    this.#bounds = bounds;
    this.#size = this.#historySize();
  }

  epoch(): string {
    return this.#meta("epoch");
  }

  /** Number of the last change. */
  sequence(): number {
    return Number(this.#meta("sequence"));
  }

  /** Changes up to this one are forgotten. */
  floor(): number {
    return Number(this.#meta("floor"));
  }

  get(key: Key): StoredObject | undefined {
    const row: Row = this.#statements.get.get(key.kind, key.namespace, key.name);
    return row === undefined ? undefined : parse(row.json);
  }

  list(kind: string): readonly StoredObject[] {
    return this.#statements.list.all(kind).map((row) => parse(row.json));
  }

  /** At most `limit` changes of the kind after `sequence`, oldest first. */
  history(kind: string, sequence: number, limit: number): readonly HistoryRow[] {
    return this.#statements.history
      .all(kind, sequence, limit)
      .map((row) => ({ sequence: Number(row.sequence), type: row.type as ChangeType, object: parse(row.json) }));
  }

  /** Writes one change; `object` carries the sequence as its resourceVersion. */
  write(key: Key, type: ChangeType, object: StoredObject, sequence: number): void {
    const json = JSON.stringify(object);
    if (type === "DELETED") this.#statements.remove.run(key.kind, key.namespace, key.name);
    else this.#statements.put.run(key.kind, key.namespace, key.name, json);
    this.#statements.record.run(sequence, key.kind, type, json);
    this.#size += json.length;
    this.#statements.setMeta.run(String(sequence), "sequence");
  }

  /** Forgets what is beyond the bounds; belongs into the transaction of the writes. Half the size stays, so that it is rare. */
  trim(): void {
    const bySize = this.#size > this.#bounds.size ? this.#oldestWithin(this.#bounds.size / 2) : 0;
    const floor = Math.max(this.sequence() - this.#bounds.events, bySize);
    if (floor <= this.floor()) return;
    this.#statements.forget.run(floor);
    this.#statements.setMeta.run(String(floor), "floor");
    if (bySize > 0) this.#size = this.#historySize();
  }

  #oldestWithin(size: number): number {
    const row: Row = this.#statements.oversize.get(size);
    return Number(row?.sequence ?? 0);
  }

  #historySize(): number {
    const row: Row = this.#statements.size.get();
    return Number(row?.size ?? 0);
  }

  #meta(key: string): string {
    const row: Row = this.#statements.meta.get(key);
    return String(row?.value);
  }
}

function prepare(database: DatabaseSync) {
  const statement = (sql: string): StatementSync => database.prepare(sql);
  return {
    get: statement("SELECT json FROM objects WHERE kind = ? AND namespace = ? AND name = ?"),
    list: statement("SELECT json FROM objects WHERE kind = ? ORDER BY namespace, name"),
    put: statement("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)"),
    remove: statement("DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?"),
    record: statement("INSERT INTO history VALUES (?, ?, ?, ?)"),
    history: statement("SELECT sequence, type, json FROM history WHERE kind = ? AND sequence > ? ORDER BY sequence LIMIT ?"),
    oversize: statement(
      `SELECT max(sequence) AS sequence FROM
        (SELECT sequence, sum(length(json)) OVER (ORDER BY sequence DESC) AS size FROM history) WHERE size > ?`,
    ),
    size: statement("SELECT sum(length(json)) AS size FROM history"),
    forget: statement("DELETE FROM history WHERE sequence <= ?"),
    meta: statement("SELECT value FROM meta WHERE key = ?"),
    setMeta: statement("UPDATE meta SET value = ? WHERE key = ?"),
  };
}

function parse(json: unknown): StoredObject {
  return JSON.parse(String(json)) as StoredObject;
}
