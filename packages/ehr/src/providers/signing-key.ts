import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { AppError } from '@bulkhead/base';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { AssertionAlgorithm, SigningKey } from './ehr-connection.ts';
import { providerError } from './errors.ts';

/** The minimum of RFC 7518, section 3.3. Servers reject signatures of smaller keys. */
const minRsaBits = 2048;

/** Generates a key pair. RSA has 3072 bits, which is as strong as required for P-384's use here (NIST SP 800-57, 128 bits). */
export async function generateSigningKey(alg: AssertionAlgorithm): Promise<SigningKey> {
  for (;;) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 3072 });
    const key = await toSigningKey({ jwk: await exportJWK(privateKey), alg, kid: undefined });
    // A command line would take such an id for an option. One of 64 thumbprints begins with a hyphen.
    if (!key.kid.startsWith('-')) return key;
  }
}

/**
 * Imports a private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted) or as the JSON of a JWK. RSA keys sign RS384, P-384 keys
 * ES384.
 * @param options.kid the key id that the server knows. The default is the JWK's own, or its thumbprint.
 * @throws AppError `signing-key-unusable` that says what is wrong, without quoting the key
 */
export async function importSigningKey(options: {
  readonly text: string;
  readonly kid?: string | undefined;
}): Promise<SigningKey> {
  const { key, ownKid } = readKey(options.text);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const jwk = key.export({ format: 'jwk' }) as JWK;
  const kid = options.kid ?? ownKid;
  if (type === 'rsa') {
    if ((details?.modulusLength ?? 0) < minRsaBits) throw unusable('an RSA key must have at least 2048 bits');
    return toSigningKey({ jwk, alg: 'RS384', kid });
  }
  if (type === 'ec' && details?.namedCurve === 'secp384r1') return toSigningKey({ jwk, alg: 'ES384', kid });
  throw unusable('only RSA keys (RS384) and P-384 keys (ES384) can sign assertions');
}

/** The public part of a key. */
export function publicJwkOf({ kid, alg, privateJwk }: SigningKey): Readonly<Record<string, unknown>> {
  const { kty, n, e, crv, x, y } = JSON.parse(privateJwk) as JWK;
  const numbers = kty === 'RSA' ? { n, e } : { crv, x, y };
  return { kty, kid, alg, use: 'sig', key_ops: ['verify'], ...numbers };
}

async function toSigningKey(options: {
  readonly jwk: JWK;
  readonly alg: AssertionAlgorithm;
  readonly kid: string | undefined;
}): Promise<SigningKey> {
  const { jwk, alg, kid } = options;
  // Import the key once, so that a key that the runtime cannot use fails here and not at the first token request.
  await importJWK(jwk, alg).catch(() => {
    throw unusable('its numbers are not a valid key');
  });
  return { kid: kid ?? (await calculateJwkThumbprint(jwk)), alg, privateJwk: JSON.stringify(jwk) };
}

function readKey(text: string): { readonly key: KeyObject; readonly ownKid: string | undefined } {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text), ownKid: undefined };
    const jwk = JSON.parse(text);
    return {
      key: createPrivateKey({ key: jwk, format: 'jwk' }),
      ownKid: typeof jwk.kid === 'string' && jwk.kid !== '' ? jwk.kid : undefined,
    };
  } catch {
    // The cause is left out, because it may quote the key.
    throw unusable('it is neither a private key in PEM (not encrypted) nor a private JWK');
  }
}

function unusable(reason: string): AppError {
  return providerError('signing-key-unusable', { message: `The key cannot sign client assertions: ${reason}.` });
}
