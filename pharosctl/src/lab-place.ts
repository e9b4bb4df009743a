import { join } from "node:path";
import { type LabBinaries, type LabFolders, labFolders } from "@pharos/lab";

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
