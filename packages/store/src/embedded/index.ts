export { embeddedHome } from "./embedded-home.ts";

import { EmbeddedStore, type EmbeddedStoreOptions } from "./embedded-store.ts";
import { openStoreFile } from "./store-file.ts";

export type { Admit } from "./admission.ts";
export { DEFAULT_HISTORY, type EmbeddedStore, type EmbeddedStoreOptions } from "./embedded-store.ts";
export type { HistoryBounds } from "./tables.ts";

/** How soon a removed or replaced file is noticed while nobody writes, in ms. */
const FILE_CHECK_INTERVAL = 1000;

/**
 * Opens the store of a vehicle without Kubernetes: one SQLite file that belongs to this process alone. A damaged file
 * is set aside and a new store is begun (an error in the log says so); a missing one is created. Each new store has a
 * new epoch. Throws STORE_FILE_REFUSED when the file cannot be used.
 */
export function openEmbeddedStore(options: EmbeddedStoreOptions): EmbeddedStore {
  const file = openStoreFile(options.path, options.newId, options.log);
  const store = new EmbeddedStore(file, options);
  const timer = setInterval(() => {
    if (!store.checkFile()) clearInterval(timer);
  }, FILE_CHECK_INTERVAL);
  timer.unref();
  return store;
}
