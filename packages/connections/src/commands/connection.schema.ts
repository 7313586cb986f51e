import { assertionAlgorithms, secretWays, withoutTrailingSlashes } from '@bulkhead/providers';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
/** FHIR ids and athenahealth's practice ids; anything else would end up in a URL path. */
const pathSegment = z.string().regex(/^[A-Za-z0-9\-._]{1,128}$/, 'must be 1-128 letters, digits, "-", "." or "_"');

/** PEM, or a JWK. */
export const privateKeySchema = z.union([z.string().min(1).max(20_000), z.record(z.string(), z.unknown())]);
/** What the EHR knows a key by. */
export const kidSchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1-200 printable characters of ASCII');

const oauthClient = {
  /** Left out: the provider's (ATHENAHEALTH_CLIENT_ID). Some servers give out a JWT of more than 1,000 characters. */
  clientId: z.string().min(1).max(4096).optional(),
  tokenEndpoint: httpUrl.optional(),
  scope: z.string().min(1).max(5000).optional(),
};

export const connectionAuthSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({
    method: z.literal('client_credentials'),
    ...oauthClient,
    /** Left out: the provider's (ATHENAHEALTH_CLIENT_SECRET). */
    clientSecret: z.string().min(1).max(5000).optional(),
    secretBy: z.enum(secretWays).optional(),
  }),
  z.strictObject({
    method: z.literal('private_key_jwt'),
    ...oauthClient,
    /** With which of the deployment's keys is signed; a key of the connection's own says it itself. */
    alg: z.enum(assertionAlgorithms).optional(),
    /** PEM, or a JWK as an object. Left out: the deployment's own keys. */
    privateKey: privateKeySchema.optional(),
    kid: kidSchema.optional(),
  }),
  z.strictObject({
    method: z.literal('authorization_code'),
    ...oauthClient,
    /** Left out, with a client id: a public client. */
    clientSecret: z.string().min(1).max(5000).optional(),
    secretBy: z.enum(secretWays).optional(),
  }),
]);
export type ConnectionAuthBody = z.output<typeof connectionAuthSchema>;

export const connectionBodySchema = z.strictObject({
  provider: z.string().min(1).max(100),
  /** Left out: the provider's default. */
  environment: z.string().min(1).max(100).optional(),
  fhirEndpoint: httpUrl.transform(withoutTrailingSlashes).optional(),
  practiceId: pathSegment.optional(),
  groupId: pathSegment.optional(),
  /** The patient that the connection is about, where it is about one. */
  userId: pathSegment.optional(),
  /** Whether it gets the provider's default schedule, where there is one. */
  schedule: z.boolean().default(true),
  auth: connectionAuthSchema,
});
export type ConnectionBody = z.output<typeof connectionBodySchema>;
