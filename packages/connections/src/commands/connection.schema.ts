import { assertionAlgorithms, secretWays, withoutTrailingSlashes } from '@bulkhead/providers';
import { z } from 'zod';

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
/** The characters of FHIR ids and of athenahealth's practice ids. The value becomes part of a URL path, so no others are allowed. */
const pathSegment = z.string().regex(/^[A-Za-z0-9\-._]{1,128}$/, 'must be 1-128 letters, digits, "-", "." or "_"');

/** A key as PEM, or as a JWK. */
export const privateKeySchema = z.union([z.string().min(1).max(20_000), z.record(z.string(), z.unknown())]);
/** The name under which the EHR knows a key. */
export const kidSchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1-200 printable ASCII characters');

const oauthClient = {
  /** Default: the provider's client id (ATHENAHEALTH_CLIENT_ID). Some servers issue a JWT of more than 1,000 characters. */
  clientId: z.string().min(1).max(4096).optional(),
  tokenEndpoint: httpUrl.optional(),
  scope: z.string().min(1).max(5000).optional(),
};

export const connectionAuthSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({
    method: z.literal('client_credentials'),
    ...oauthClient,
    /** Default: the provider's client secret (ATHENAHEALTH_CLIENT_SECRET). */
    clientSecret: z.string().min(1).max(5000).optional(),
    secretBy: z.enum(secretWays).optional(),
  }),
  z.strictObject({
    method: z.literal('private_key_jwt'),
    ...oauthClient,
    /** Selects the deployment's signing key. A connection's own key already has an algorithm. */
    alg: z.enum(assertionAlgorithms).optional(),
    /** PEM, or a JWK as an object. Default: the deployment's own keys. */
    privateKey: privateKeySchema.optional(),
    kid: kidSchema.optional(),
  }),
  z.strictObject({
    method: z.literal('authorization_code'),
    ...oauthClient,
    /** If there is a client id and no secret, the client is a public client. */
    clientSecret: z.string().min(1).max(5000).optional(),
    secretBy: z.enum(secretWays).optional(),
  }),
]);
export type ConnectionAuthBody = z.output<typeof connectionAuthSchema>;

export const connectionBodySchema = z.strictObject({
  provider: z.string().min(1).max(100),
  /** Default: the provider's default environment. */
  environment: z.string().min(1).max(100).optional(),
  fhirEndpoint: httpUrl.transform(withoutTrailingSlashes).optional(),
  practiceId: pathSegment.optional(),
  groupId: pathSegment.optional(),
  /** The patient of the connection, if it is about a single patient. */
  userId: pathSegment.optional(),
  /** Whether the connection gets the provider's default schedule, if there is one. */
  schedule: z.boolean().default(true),
  auth: connectionAuthSchema,
});
export type ConnectionBody = z.output<typeof connectionBodySchema>;
