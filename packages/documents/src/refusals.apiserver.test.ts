import { readFileSync } from "node:fs";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import { type ApiWithKinds, type ClientCredentials, startApiWithKinds } from "@pharos/lab/kubernetes";
import { ENTRY_TWICE } from "./codes.ts";
import { parseDocuments } from "./parse-documents.ts";
import { REFUSALS } from "./refusals.ts";
import { stringifyDocuments } from "./stringify.ts";

const EXAMPLES = new URL("../../../docs/examples/", import.meta.url);
const SAMPLES = [
  "specification/node.yaml",
  "specification/bridge.yaml",
  "specification/routing-config.yaml",
  "specification/security-config.yaml",
  "specification/service-deployment.yaml",
  "vehicle/node.yaml",
  "vehicle/bridge.yaml",
  "vehicle/routing.yaml",
] as const;

interface Answer {
  readonly code: number;
  /** Fields that the API server finds wrong; with what it says, for people who read a failed test. */
  readonly fields: readonly string[];
  readonly message: string;
}

let api: ApiWithKinds;
let admin: ClientCredentials;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  admin = await api.credentials("admin", ["system:masters"]);
}, 60_000);

afterAll(async () => {
  await api?.stop();
});

/** Creates an object in a dry run with strict fields, as kubectl does. */
function create(object: object): Promise<Answer> {
  const { kind, metadata } = object as { kind: Kind; metadata: { namespace?: string } };
  const { plural, namespaced } = KIND_INFO[kind];
  const place = namespaced ? `namespaces/${metadata.namespace ?? "default"}/` : "";
  const url = `${admin.server}/apis/pharos.io/v1/${place}${plural}?dryRun=All&fieldValidation=Strict`;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { "content-type": "application/json" };
  const call = request(url, { method: "POST", ca: admin.authority, cert: admin.certificate, key: admin.key, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve(answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
  });
  call.on("error", reject);
  call.end(JSON.stringify(object));
  return promise;
}

interface Status {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string }[] };
}

function answerOf(code: number, body: string): Answer {
  const { message = "", details } = JSON.parse(body) as Status;
  const causes = (details?.causes ?? []).flatMap(({ field }) => field ?? []);
  // Unknown fields are told by the decoder, before validation, and in the message alone.
  const unknown = [...message.matchAll(/unknown field \\?"([^"\\]+)\\?"/g)].flatMap(([, field]) => field ?? []);
  return { code, fields: [...causes, ...unknown], message };
}

describe("the table of refusals on a real API server", () => {
  test.each(REFUSALS)("$name", async ({ object, code, path }) => {
    const answer = await create(object);
    // Of an entry that is there twice the API server names the entry, ours its key.
    expect({ ...answer, refused: answer.code >= 400 && answer.code < 500 }).toMatchObject({ refused: true });
    expect({ message: answer.message, fields: answer.fields }).toEqual({
      message: answer.message,
      fields: expect.arrayContaining([code === ENTRY_TWICE.code ? path.replace(/\.\w+$/, "") : path]),
    });
  });
});

describe("samples", () => {
  test.each(SAMPLES)("%s is accepted as it is converted for kubectl", async (name) => {
    const { documents, findings } = parseDocuments(readFileSync(new URL(name, EXAMPLES)));
    expect(findings.filter(({ severity }) => severity === "ERROR")).toEqual([]);
    const text = stringifyDocuments(
      documents.map(({ object }) => object),
      "kubectl",
    );
    expect(documents.length).toBeGreaterThan(0);
    expect(api.kubectl(["create", "--dry-run=server", "-f", "-"], text)).toContain("created");
  });
});
