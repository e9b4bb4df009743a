export { LAB_MISSING, LAB_NO_NAMESPACES, LAB_NOT_READY, LAB_UNKNOWN_PLACE } from "./codes.ts";
export { type LabBinaries, type LabOptions, labDown, labUp, namespaceOf, restartProgram } from "./lab.ts";
export { layOut } from "./layout.ts";
export { inNamespace } from "./machines.ts";
export { callPlugin, startPod, stopPod } from "./pods.ts";
export { identityOf, isAlive, type LabProgram, type ProcessIdentity, stopPrograms } from "./programs.ts";
export { type LabFolders, type LabPod, type LabState, labFolders, listLabs, readState } from "./state.ts";
