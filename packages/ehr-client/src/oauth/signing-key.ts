import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { AssertionAlgorithm, SigningKey } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

/** RFC 7518 3.3: at least; what a smaller one signs, servers refuse. */
const minRsaBits = 2048;

/** A new key pair; RSA with 3072 bits, which is as strong as P-384's use here asks for (NIST SP 800-57, 128 bits). */
export async function generateSigningKey(alg: AssertionAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 3072 });
  return toSigningKey({ jwk: await exportJWK(privateKey), alg, kid: undefined });
}

/**
 * A private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted) or as a JWK's JSON. RSA signs RS384, P-384 signs ES384.
 * @param options.kid what the server knows it by. Left out: the JWK's own, or its thumbprint.
 * @throws AppError `signing-key-unusable` that says what is wrong, without a word of the key.
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
    if ((details?.modulusLength ?? 0) < minRsaBits) throw unusable('an RSA key has 2048 bits or more');
    return toSigningKey({ jwk, alg: 'RS384', kid });
  }
  if (type === 'ec' && details?.namedCurve === 'secp384r1') return toSigningKey({ jwk, alg: 'ES384', kid });
  throw unusable('RSA keys (RS384) and P-384 keys (ES384) sign assertions, no other');
}

/** What may be published of a key. */
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
  // Imported once: what the runtime cannot sign with must not be found out at the first token request.
  await importJWK(jwk, alg).catch(() => {
    throw unusable('its numbers are no valid key');
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
    // The reason may quote the key.
    throw unusable('it is neither a private key in PEM (not encrypted) nor a private JWK');
  }
}

function unusable(reason: string): AppError {
  return new AppError({
    code: 'signing-key-unusable',
    message: `The key cannot sign client assertions: ${reason}.`,
    retry: 'never',
  });
}
