import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSetBase64 } from "./generated/descriptors.ts";

/** A proto file as reflection serves it. */
export interface ProtoFile {
  /** Path as other files import it. */
  readonly name: string;
  readonly imports: readonly string[];
  /** Full names of its services, methods, messages, fields, enums and enum values. */
  readonly symbols: readonly string[];
  /** Full names of its services. */
  readonly services: readonly string[];
  /** Serialised google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** All proto files of Pharos. */
export function fileDescriptors(): readonly ProtoFile[] {
  const set = fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSetBase64, "base64"));
  return set.file.map((file) => {
    const services = file.service.map(({ name }) => `${file.package}.${name}`);
    const symbols = [...services, ...methodsOf(file), ...file.messageType.flatMap((message) => symbolsOf(file.package, message))];
    const enums = file.enumType.flatMap((one) => [
      `${file.package}.${one.name}`,
      ...one.value.map(({ name }) => `${file.package}.${name}`),
    ]);
    return {
      name: file.name,
      imports: file.dependency,
      services,
      symbols: [...symbols, ...enums],
      bytes: toBinary(FileDescriptorProtoSchema, file),
    };
  });
}

function methodsOf(file: FileDescriptorProto): string[] {
  return file.service.flatMap(({ name, method }) => method.map((one) => `${file.package}.${name}.${one.name}`));
}

function symbolsOf(scope: string, message: DescriptorProto): string[] {
  const name = `${scope}.${message.name}`;
  return [
    name,
    ...message.field.map((field) => `${name}.${field.name}`),
    // proto3: the values of an enum are siblings of the enum.
    ...message.enumType.flatMap((one) => [`${name}.${one.name}`, ...one.value.map((value) => `${name}.${value.name}`)]),
    ...message.nestedType.flatMap((nested) => symbolsOf(name, nested)),
  ];
}
