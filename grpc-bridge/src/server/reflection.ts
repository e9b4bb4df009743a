import { status } from "@grpc/grpc-js";
import {
  fileDescriptors,
  type ProtoFile,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  type ServerReflectionServer,
} from "@pharos/rpc";

type Answer = Omit<ServerReflectionResponse, "validHost" | "originalRequest">;

/** The standard reflection service (grpc.reflection.v1), so that grpcurl and the like need no proto files. */
export function createReflection(services: readonly string[]): ServerReflectionServer {
  const files = fileDescriptors();
  const byName = new Map(files.map((file) => [file.name, file]));
  const bySymbol = new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)));
  const answer = (request: ServerReflectionRequest): Answer => {
    if (request.listServices !== undefined) return { listServicesResponse: { service: services.map((name) => ({ name })) } };
    if (request.fileByFilename !== undefined) return fileAnswer(byName, byName.get(request.fileByFilename), request.fileByFilename);
    if (request.fileContainingSymbol !== undefined) {
      return fileAnswer(byName, bySymbol.get(request.fileContainingSymbol), request.fileContainingSymbol);
    }
    return failure(status.NOT_FOUND, "there are no extensions");
  };
  return {
    serverReflectionInfo: (call) => {
      call.on("data", (request: ServerReflectionRequest) => {
        call.write({ validHost: request.host, originalRequest: request, ...answer(request) });
      });
      call.on("end", () => call.end());
    },
  };
}

function fileAnswer(byName: ReadonlyMap<string, ProtoFile>, file: ProtoFile | undefined, wanted: string): Answer {
  if (file === undefined) return failure(status.NOT_FOUND, `${wanted} is not known`);
  const all = new Map<string, ProtoFile>();
  const add = (name: string): void => {
    const found = byName.get(name);
    if (found === undefined || all.has(name)) return;
    all.set(name, found);
    found.imports.forEach(add);
  };
  add(file.name);
  return { fileDescriptorResponse: { fileDescriptorProto: [...all.values()].map(({ bytes }) => Buffer.from(bytes)) } };
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { errorResponse: { errorCode, errorMessage } };
}
