import type { AssertionAlgorithm, ConnectionAuth, SigningKey } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import { importJWK } from 'jose';
import * as openid from 'openid-client';

/** The deployment's own keys. */
export interface SigningKeySource {
  /** The key that signs now, if there is one. */
  findForSigning(alg: AssertionAlgorithm): Promise<SigningKey | undefined>;
}

/**
 * SMART allows 5 minutes at most, by the server's clock. Four leave a minute for a clock of ours that is ahead, and four
 * for one that is behind.
 */
const assertionSeconds = 240;

/** How a connection shows a token endpoint who it is. @throws AppError `no-signing-key` */
export async function clientAuthentication(options: {
  readonly auth: Exclude<ConnectionAuth, { method: 'none' }>;
  readonly tokenEndpoint: string;
  readonly signingKeys: SigningKeySource;
}): Promise<openid.ClientAuth> {
  const { auth, tokenEndpoint, signingKeys } = options;
  if (auth.method === 'private_key_jwt') {
    const key = auth.signingKey ?? (await signingKeys.findForSigning(auth.alg));
    if (!key) throw noSigningKey(auth.alg);
    return signedAssertion({ key, tokenEndpoint });
  }
  if (auth.clientSecret === undefined) return openid.None();
  return auth.secretBy === 'post'
    ? openid.ClientSecretPost(auth.clientSecret)
    : openid.ClientSecretBasic(auth.clientSecret);
}

/** SMART App Launch 2.2, "Client Authentication: Asymmetric". `jti` is openid-client's, fresh each time. */
async function signedAssertion(options: { readonly key: SigningKey; readonly tokenEndpoint: string }) {
  const { kid, alg, privateJwk } = options.key;
  const key = (await importJWK(JSON.parse(privateJwk), alg)) as openid.CryptoKey;
  return openid.PrivateKeyJwt(
    { key, kid },
    {
      [openid.modifyAssertion]: (header, payload) => {
        header.typ = 'JWT';
        payload.aud = options.tokenEndpoint;
        payload.exp = Number(payload.iat) + assertionSeconds;
        // Nobody asks for it, and a server whose clock is behind would refuse it.
        delete payload.nbf;
      },
    },
  );
}

function noSigningKey(alg: AssertionAlgorithm): AppError {
  return new AppError({
    code: 'no-signing-key',
    message:
      'There is no key to sign with. An operator makes one by POST /api/ehr/signing-keys, or the connection gets a key of its own.',
    retry: 'never',
    context: { reason: alg },
  });
}
