import { closeSync, existsSync, fsyncSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describeError, type Log, PharosError } from "@pharos/base";
import { STORE_FILE_DAMAGED, STORE_FILE_REFUSED } from "../codes.ts";

/** `PRAGMA application_id` of our files: "phrs" in ASCII. */
const APPLICATION_ID = 0x70687273;
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE objects (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE history (
  sequence INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL, json TEXT NOT NULL
);
CREATE INDEX history_by_kind ON history (kind, sequence);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** An open store file, exclusive to this process. */
export interface StoreFile {
  readonly database: DatabaseSync;
  readonly path: string;
  /** `device:inode`, which tells whether the path still names this file. */
  readonly identity: string;
}

/**
 * Opens or creates the file. One that is damaged is renamed to `<path>.corrupt-<n>` and a new one is begun: the vehicle
 * has to go on, and a new store adopts what the hosts report. One that is healthy but not ours, of a newer schema or
 * open elsewhere throws STORE_FILE_REFUSED.
 */
export function openStoreFile(path: string, newId: () => string, log: Log): StoreFile {
  try {
    return openOnce(path, newId);
  } catch (cause) {
    if (!isDamage(cause)) throw refused(path, cause);
    const aside = setAside(path);
    log.error(describeError(new PharosError(STORE_FILE_DAMAGED, `${path} was set aside as ${aside}`, { cause })));
    try {
      return openOnce(path, newId);
    } catch (again) {
      throw refused(path, again);
    }
  }
}

/** True when the error says that the file's content is not a healthy database. */
export function isDamage(error: unknown): boolean {
  const errcode = typeof error === "object" && error !== null && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  return errcode === SQLITE_CORRUPT || errcode === SQLITE_NOTADB || error instanceof DamagedError;
}

/** `device:inode` of what is at the path now; undefined when there is nothing. */
export function fileIdentity(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

class DamagedError extends Error {}

function openOnce(path: string, newId: () => string): StoreFile {
  if (!existsSync(path)) dropOrphans(path);
  const database = new DatabaseSync(path);
  try {
    // Exclusive before the first access, so that no second control plane can share the file.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    prepareSchema(database, newId);
    const identity = fileIdentity(path);
    if (identity === undefined) throw new Error("the file vanished while it was opened");
    syncFolder(path);
    return { database, path, identity };
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareSchema(database: DatabaseSync, newId: () => string): void {
  const tables = Number(firstColumn(database, "SELECT count(*) FROM sqlite_schema"));
  if (tables === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA}`);
    database.prepare("INSERT INTO meta VALUES ('epoch', ?), ('sequence', '0'), ('floor', '0')").run(newId());
    database.exec("COMMIT");
    return;
  }
  if (Number(firstColumn(database, "PRAGMA application_id")) !== APPLICATION_ID) throw new Error("it is a database of another program");
  const version = Number(firstColumn(database, "PRAGMA user_version"));
  if (version !== SCHEMA_VERSION) throw new Error(`it has schema version ${version}, this program knows ${SCHEMA_VERSION}`);
  const verdict = String(firstColumn(database, "PRAGMA quick_check(1)"));
  if (verdict !== "ok") throw new DamagedError(verdict);
  // Takes the exclusive lock now, so that a second opener fails at start and not at its first write.
  database.exec("BEGIN IMMEDIATE; COMMIT");
}

function firstColumn(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

/** Renames file and write-ahead log; the first free number wins. */
function setAside(path: string): string {
  let number = 1;
  while (existsSync(`${path}.corrupt-${number}`)) number += 1;
  const aside = `${path}.corrupt-${number}`;
  renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  syncFolder(path);
  return aside;
}

/** A write-ahead log without its database belongs to a file that somebody removed; it must not meet the new one. */
function dropOrphans(path: string): void {
  for (const suffix of ["-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.orphan${suffix}`);
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function refused(path: string, cause: unknown): PharosError {
  return cause instanceof PharosError ? cause : new PharosError(STORE_FILE_REFUSED, `cannot open the store ${path}`, { cause });
}
