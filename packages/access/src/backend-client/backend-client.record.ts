import type { Immutable } from '@bulkhead/base';
import { z } from 'zod';

/** A JSON Web Key Set (RFC 7517) of public keys. */
export const jwksSchema = z
  .looseObject({
    keys: z
      .array(z.looseObject({ kid: z.string().min(1).max(200).describe('The id that an assertion has in its header.') }))
      .min(1)
      .max(20)
      .describe('RSA keys for RS384, and EC keys with the curve P-384 for ES384. At most 20.'),
  })
  .describe('The public keys of the client, as a JSON Web Key Set.');

const secretSchema = z.strictObject({
  id: z.string().describe('The id of the secret, which begins with `secret_`.'),
  /** SHA-256 of the secret. It has 256 random bits, so a slow hash would add nothing. */
  hash: z.string(),
  createdAt: z.date().describe('When the secret was created.'),
});

/** While a client changes from one secret to the next, both work. */
export const maxSecrets = 2;

/** A program that reads from here by SMART Backend Services: it proves its identity with a key pair or a secret, and gets tokens of five minutes. */
export const backendClientSchema = z.strictObject({
  id: z.string().describe('The `client_id`, which begins with `client_`.'),
  name: z.string().describe('A name by which people recognise the client. The audit log shows it.'),
  scope: z
    .string()
    .describe('What the client may read at most, such as `system/*.read`. Its tokens are limited to it.'),
  connectionIds: z
    .array(z.string())
    .exactOptional()
    .describe('The only connections that the client may read. Absent if it may read all of them.'),
  jwks: jwksSchema
    .exactOptional()
    .describe('The public keys. Absent if they are at `jwksUrl`, or if the client has none.'),
  jwksUrl: z
    .string()
    .exactOptional()
    .describe('Where the public keys are. Absent if they are in `jwks`, or if the client has none.'),
  secrets: z
    .array(secretSchema)
    .exactOptional()
    .describe(`The secrets of the client, at most ${maxSecrets}. Absent if it never had one.`),
  createdAt: z.date().describe('When the client was registered.'),
  revokedAt: z.date().exactOptional().describe('When the client was revoked. Absent if it was not.'),
  lastUsedAt: z
    .date()
    .exactOptional()
    .describe('When the client last got a token, accurate to the minute. Absent if it never did.'),
});
export type BackendClient = Immutable<z.output<typeof backendClientSchema>>;
export type Jwks = Immutable<z.output<typeof jwksSchema>>;
