import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PharosError } from "@pharos/base";
import { type LabBinaries, type LabFolders, labFolders } from "@pharos/lab";
import { CTL_FOREIGN_FOLDER } from "./codes.ts";

/** What the lab commands need to know of the machine; only `main.ts` fills it in. */
export interface LabPlace {
  /** Folder of all labs of this user. */
  readonly root: string;
  readonly binaries: LabBinaries;
  readonly env: NodeJS.ProcessEnv;
}

/** The folders of the lab called `name`. */
export function foldersOf(place: LabPlace, name: string): LabFolders {
  return labFolders(place.root, name);
}

/** Root keeps its labs in /run; an ordinary user in a folder that stays visible inside the user's own mount namespace. */
export function labRoot(uid: number, temporary: string): string {
  return uid === 0 ? "/run/pharos-lab" : join(temporary, `pharos-lab-${uid}`);
}

/** Makes the folder of an ordinary user's labs; one that somebody else has put there first is CTL_FOREIGN_FOLDER. */
export function makeLabRoot(root: string): void {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const found = lstatSync(root);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new PharosError(CTL_FOREIGN_FOLDER, root);
}
