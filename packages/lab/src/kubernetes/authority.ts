import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  readonly commonName: string;
  /** Kubernetes takes these as groups. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses of a server; absent: a client. */
  readonly names?: readonly string[];
}

/** Signs the certificates of one cluster. */
export interface Authority {
  /** The authority's own certificate, as PEM. */
  readonly certificate: string;
  issue(subject: Subject): Promise<KeyPair>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** Certificates start a day back: a vehicle's clock may be behind. */
const BACKDATED_MS = 24 * 3600 * 1000;
const LIFETIME_MS = 365 * 24 * 3600 * 1000;

/** Makes an authority with a key of its own. */
export async function makeAuthority(commonName: string): Promise<Authority> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await newKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: own.toString("pem"),
    issue: async (subject) => {
      const subjectKeys = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity(),
        subject: [{ CN: [subject.commonName] }, ...(subject.organizations ?? []).map((name) => ({ O: [name] }))],
        issuer: own.subject,
        publicKey: subjectKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: usages(subject),
      });
      return { certificate: certificate.toString("pem"), key: await privatePem(subjectKeys.privateKey) };
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}

function validity() {
  const now = Date.now();
  return {
    serialNumber: randomBytes(8).toString("hex"),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + LIFETIME_MS),
  };
}

function usages({ names }: Subject): x509.Extension[] {
  const digital = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true);
  if (names === undefined) return [digital, new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])];
  const isAddress = (name: string) => /^[\d.]+$|:/.test(name);
  return [
    digital,
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value }))),
  ];
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
