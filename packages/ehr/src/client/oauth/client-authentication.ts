import { importJWK } from 'jose';
import * as openid from 'openid-client';
import type { AssertionAlgorithm, ConnectionAuth, SigningKey } from '../../providers/index.ts';
import { ehrError } from '../errors.ts';

/** The keys of the deployment, as opposed to keys of single connections. */
export interface SigningKeySource {
  /** The key that currently signs, if there is one. */
  findForSigning(alg: AssertionAlgorithm): Promise<SigningKey | undefined>;
}

/**
 * SMART allows at most 5 minutes by the server's clock. Four minutes tolerate a clock of this process that is up to one minute
 * ahead or up to four minutes behind.
 */
const assertionSeconds = 240;

/** How a connection authenticates at a token endpoint. @throws AppError `no-signing-key` */
export async function clientAuthentication(options: {
  readonly auth: Exclude<ConnectionAuth, { method: 'none' }>;
  readonly tokenEndpoint: string;
  readonly signingKeys: SigningKeySource;
  /** Whether HTTP Basic has the secret as it is. See `differsEncoded`. */
  readonly isRaw: boolean;
}): Promise<openid.ClientAuth> {
  const { auth, tokenEndpoint, signingKeys, isRaw } = options;
  if (auth.method === 'private_key_jwt') {
    const key = auth.signingKey ?? (await signingKeys.findForSigning(auth.alg));
    if (!key) throw ehrError('no-signing-key', { context: { reason: auth.alg } });
    return signedAssertion({ key, audience: auth.audience ?? tokenEndpoint });
  }
  if (auth.clientSecret === undefined) return openid.None();
  return auth.secretBy === 'post'
    ? openid.ClientSecretPost(auth.clientSecret)
    : basic(auth.clientSecret, isRaw ? (text) => text : formEncoded);
}

/**
 * HTTP Basic (RFC 6749, section 2.3.1). openid-client also encodes characters that form encoding leaves alone, such as `-`, and servers that
 * do not decode them refuse the right secret.
 */
function basic(secret: string, encode: (text: string) => string): openid.ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    const credentials = Buffer.from(`${encode(clientId)}:${encode(secret)}`).toString('base64');
    headers.set('authorization', `Basic ${credentials}`);
  };
}

/** `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set). */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** Whether a server that does not decode HTTP Basic sees another id or secret. Then it gets them once as they are, after a 401. */
export function differsEncoded(auth: Exclude<ConnectionAuth, { method: 'none' }>): boolean {
  if (auth.method === 'private_key_jwt' || auth.clientSecret === undefined || auth.secretBy === 'post') return false;
  const { clientId, clientSecret } = auth;
  // A raw id with a colon would be cut at it.
  return !clientId.includes(':') && [clientId, clientSecret].some((text) => formEncoded(text) !== text);
}

/** SMART App Launch 2.2, "Client Authentication: Asymmetric". openid-client sets a new `jti` each time. */
async function signedAssertion(options: { readonly key: SigningKey; readonly audience: string }) {
  const { kid, alg, privateJwk } = options.key;
  const key = (await importJWK(JSON.parse(privateJwk), alg)) as openid.CryptoKey;
  return openid.PrivateKeyJwt(
    { key, kid },
    {
      [openid.modifyAssertion]: (header, payload) => {
        header.typ = 'JWT';
        payload.aud = options.audience;
        payload.exp = Number(payload.iat) + assertionSeconds;
        // Not required, and a server whose clock is behind would reject it.
        delete payload.nbf;
      },
    },
  );
}
