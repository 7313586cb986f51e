import { timingSafeEqual } from 'node:crypto';
import { hashOf } from '@bulkhead/base';
import { OAuthError } from '@bulkhead/fhir/bulk-server';
import type { BackendClient } from './backend-client.record.ts';

/** What a client sends to prove its identity without a key (RFC 6749, section 2.3.1). */
export interface ClientSecret {
  readonly clientId: string;
  readonly secret: string;
}

/**
 * Reads the secret of a token request: with HTTP Basic, or as parameters of the form.
 * @returns undefined if the request has none
 * @throws OAuthError if it has both
 */
export function readClientSecret(request: {
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly authorization: string | undefined;
}): ClientSecret | undefined {
  const { client_id: clientId = '', client_secret: secret } = request.form;
  const inForm = secret === undefined ? undefined : { clientId, secret };
  const inHeader = readBasic(request.authorization);
  if (inForm && inHeader)
    throw new OAuthError({
      code: 'invalid_request',
      text: 'The client secret is included twice: in the header Authorization and in the form. Send it once.',
    });
  return inForm ?? inHeader;
}

function readBasic(authorization = ''): ClientSecret | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const at = text.indexOf(':');
  return { clientId: decoded(text.slice(0, Math.max(at, 0))), secret: decoded(text.slice(at + 1)) };
}

/** Clients should percent-encode both, and most do not. Ids and secrets of here have no character for which that makes a difference. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a secret, by its hash, is one of those of a client that is not revoked. */
export function hasSecret({ revokedAt, secrets = [] }: BackendClient, secretHash: string): boolean {
  const hash = Buffer.from(secretHash);
  return !revokedAt && secrets.some((known) => timingSafeEqual(Buffer.from(known.hash), hash));
}

/** @returns the client, if the secret is one of its secrets. @throws OAuthError. It does not say what is wrong, so that ids cannot be guessed */
export function checkSecret(client: BackendClient | undefined, { secret }: ClientSecret): BackendClient {
  if (client && hasSecret(client, hashOf(secret))) return client;
  throw new OAuthError({
    status: 401,
    code: 'invalid_client',
    text: 'The client id or the client secret is wrong, or the client was revoked.',
  });
}
