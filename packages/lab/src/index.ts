export { LAB_MISSING, LAB_NO_NAMESPACES, LAB_UNKNOWN_PLACE } from "./codes.ts";
export { type LabBinaries, type LabOptions, labDown, labUp, namespaceOf, restartProgram } from "./lab.ts";
export { type LabLayout, layOut } from "./layout.ts";
export { inNamespace } from "./machines.ts";
export { callPlugin, type PodWish, startPod, stopPod } from "./pods.ts";
export { isAlive, type LabProgram, stopPrograms } from "./programs.ts";
export { type LabFolders, type LabPod, type LabState, labFolders, listLabs, readState, tryReadState } from "./state.ts";
