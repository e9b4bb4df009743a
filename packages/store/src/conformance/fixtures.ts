import { afterEach, beforeEach } from "@jest/globals";
import type { Bridge, ServiceDeployment } from "@pharos/kinds";
import type { Reader, WatchEvent, Writer } from "../store.ts";

/** A store under test. `reader` sees what `writer` writes; both may be the same object. */
export interface StoreUnderTest {
  readonly reader: Reader;
  readonly writer: Writer;
  /** Removes all that was made for the test. */
  dispose(): Promise<void>;
}

export type MakeStore = () => Promise<StoreUnderTest>;

/** A fresh store before each test of the surrounding `describe`, and its disposal afterwards. */
export function freshStore(makeStore: MakeStore): Pick<StoreUnderTest, "reader" | "writer"> {
  let under: StoreUnderTest | undefined;
  const current = (): StoreUnderTest => {
    if (under === undefined) throw new Error("no test is running");
    return under;
  };
  beforeEach(async () => {
    under = await makeStore();
  });
  afterEach(() => current().dispose());
  return {
    get reader() {
      return current().reader;
    },
    get writer() {
      return current().writer;
    },
  };
}

/** A valid cluster-scoped document; `subnet` is what a test changes. */
export function bridge(name: string, subnet = "10.2.1.0/24"): Bridge {
  return {
    apiVersion: "pharos.io/v1",
    kind: "Bridge",
    metadata: { name },
    spec: {
      bridges: [
        {
          name: "podBr0",
          type: "bridge",
          bridgeFor: "pod",
          default: false,
          ipMasq: true,
          isGateway: true,
          ipam: { type: "host-local", ranges: [{ subnet }] },
        },
      ],
    },
  };
}

/** A valid namespaced document. */
export function deployment(namespace: string, name: string, port = 50051): ServiceDeployment {
  return {
    apiVersion: "pharos.io/v1",
    kind: "ServiceDeployment",
    metadata: { name, namespace },
    spec: { services: [{ name: "fusion", node: "vm1", protocol: "grpc", ports: [port] }] },
  };
}

/** The first range's subnet of a bridge. */
export function subnetOf(object: Bridge | undefined): string | undefined {
  return object?.spec.bridges[0]?.ipam?.ranges?.[0]?.subnet;
}

type Change = Exclude<WatchEvent<"Bridge">, { readonly type: "BOOKMARK" }>;

/** The first `count` changes of bridges after the point; fails when they do not come within 5 s. */
export async function changesAfter(reader: Reader, resourceVersion: string, count: number): Promise<readonly Change[]> {
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), 5000);
  const seen: Change[] = [];
  try {
    for await (const event of reader.watch("Bridge", { resourceVersion, signal: done.signal })) {
      if (event.type !== "BOOKMARK") seen.push(event);
      if (seen.length >= count) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (seen.length < count) throw new Error(`saw ${seen.length} of ${count} changes: ${seen.map(({ type }) => type).join(", ")}`);
  return seen;
}

/** `TYPE name` of each change: what most tests compare. */
export function changeTexts(changes: readonly Change[]): readonly string[] {
  return changes.map(({ type, object }) => `${type} ${object.metadata.name}`);
}
