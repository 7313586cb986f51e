import { errorCodeSchema, type Immutable, mayNamePatient } from '@bulkhead/runtime';
import { z } from 'zod';

/** The algorithms that SMART Backend Services requires of every server and client. */
export const assertionAlgorithms = ['RS384', 'ES384'] as const;
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number];

/** A key pair that signs client assertions. */
const signingKeySchema = z.strictObject({
  /** The key id that the server knows. It is the thumbprint of RFC 7638, unless the key was imported with an id. */
  kid: z.string(),
  alg: z.enum(assertionAlgorithms),
  /** A private JWK as JSON. It is stored encrypted, and is never part of a response, a log or a job. */
  privateJwk: z.string(),
});
export type SigningKey = Immutable<z.output<typeof signingKeySchema>>;

const oauthClient = {
  clientId: z.string().describe('The client that is registered at the EHR.'),
  tokenEndpoint: z
    .string()
    .exactOptional()
    .describe('The address that issues access tokens. Absent if it is discovered from the FHIR endpoint.'),
  scope: z.string().describe('The SMART scopes that are requested, separated by spaces.'),
};

/** How the client sends its secret to the token endpoint (RFC 6749 2.3.1): with HTTP Basic, or in the form. */
export const secretWays = ['basic', 'post'] as const;

/** It is stored encrypted, and is never part of a response, a log or a job. */
const clientSecret = z.string();
const secretBy = z
  .enum(secretWays)
  .exactOptional()
  .describe(
    'How the secret is sent to the token endpoint: `basic` (HTTP Basic) or `post` (in the form). Absent: `basic`.',
  );

/** How a connection gets its access tokens. */
const authSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none').describe('The server needs no access token.') }),
  z.strictObject({
    method: z.literal('client_credentials').describe('A client id and a secret.'),
    ...oauthClient,
    clientSecret,
    secretBy,
  }),
  z.strictObject({
    method: z
      .literal('private_key_jwt')
      .describe('SMART Backend Services: an assertion that is signed with a private key replaces the secret.'),
    ...oauthClient,
    alg: z.enum(assertionAlgorithms).describe('The algorithm of the signature.'),
    /** The default is the key of the deployment, which is published at `/.well-known/jwks.json`. */
    signingKey: signingKeySchema.exactOptional(),
  }),
  z.strictObject({
    method: z
      .literal('authorization_code')
      .describe('A user gives consent at the EHR. A client without a secret relies on PKCE.'),
    ...oauthClient,
    clientSecret: clientSecret.exactOptional(),
    secretBy,
  }),
]);
export type ConnectionAuth = Immutable<z.output<typeof authSchema>>;

/** The capabilities of a server, which a worker reads from its CapabilityStatement. */
const capabilitiesSchema = z.strictObject({
  readAt: z.date(),
  fhirVersion: z.string().exactOptional(),
  software: z.string().exactOptional(),
  exportLevels: z.array(z.enum(['system', 'patient', 'group'])),
  /** Types that can be searched by patient, or read in bulk. */
  resourceTypes: z.array(z.string()),
  /** Types with the interaction `search-type`. Absent if the server lists no interactions, or if an older version read it. */
  searchTypes: z.array(z.string()).exactOptional(),
  /** `_revinclude` values of a patient search, such as `Observation:patient`. Absent if there are none, or if an older version read it. */
  patientRevIncludes: z.array(z.string()).exactOptional(),
});
export type Capabilities = Immutable<z.output<typeof capabilitiesSchema>>;

/** An upgrade of the server is noticed within a day. This costs only one request a day. */
const capabilitiesMaxAgeMs = 24 * 60 * 60_000;

/** Whether the capabilities are recent enough that they need not be read again. */
export function areCurrent({ readAt }: Capabilities, now: Date): boolean {
  return now.getTime() - readAt.getTime() < capabilitiesMaxAgeMs;
}

/** The result of one step of a connection test. */
const connectionTestStepSchema = z.strictObject({
  step: z
    .enum(['discovery', 'token', 'read'])
    .describe('`discovery` finds the token endpoint, `token` requests an access token, `read` reads one resource.'),
  ok: z.boolean().describe('Whether the step succeeded. The test ends at the first step that does not.'),
  durationMs: z.number().min(0).describe('How long the step took, in milliseconds.'),
  /** And what its success proves. */
  tried: mayNamePatient(z.string())
    .exactOptional()
    .meta({ description: 'What was asked of the EHR, or what the step noticed. Absent if there is nothing to add.' }),
  code: errorCodeSchema
    .exactOptional()
    .describe('The code of the failure: docs/errors.md lists the codes. Absent if the step succeeded.'),
  message: mayNamePatient(z.string()).exactOptional().describe('What happened. Absent if the step succeeded.'),
  whatToDo: mayNamePatient(z.string())
    .exactOptional()
    .describe('What an operator can do about the failure. Absent if the step succeeded.'),
});
export type ConnectionTestStep = Immutable<z.output<typeof connectionTestStepSchema>>;

/** A test ends at the first step that fails. */
export const connectionTestSchema = z.strictObject({
  id: z.string(),
  ok: z.boolean().describe('Whether every step succeeded.'),
  endedAt: z.date().describe('When the test ended.'),
  steps: z.array(connectionTestStepSchema).describe('The steps in their order, up to the first that failed.'),
});
export type ConnectionTest = Immutable<z.output<typeof connectionTestSchema>>;

/** The credentials of one practice at a provider. */
export const connectionSchema = z.strictObject({
  id: z.string().describe('The id of the connection, which begins with `conn_`.'),
  name: z.string().meta({ description: 'Unique in the deployment, and shown in lists. It can be changed.' }),
  provider: z.string().describe('The EHR vendor, such as `athenahealth`.'),
  environment: z.string().describe('The environment of the vendor, such as `production` or `sandbox`.'),
  fhirEndpoint: z.string().describe('The base URL of the FHIR server, without a trailing slash.'),
  practiceId: z
    .string()
    .exactOptional()
    .describe('The id of the practice at the vendor. Absent if the vendor has none.'),
  groupId: z
    .string()
    .exactOptional()
    .describe('The FHIR Group whose export covers the practice. Absent if exports of a Group are not used.'),
  userId: z
    .string()
    .exactOptional()
    .describe('The FHIR id of the patient, if the connection is about a single patient.'),
  webhookUrl: z
    .string()
    .exactOptional()
    .describe('The address that is called when an export or a sync of the connection ends. Absent if there is none.'),
  auth: authSchema.describe('How the connection gets its access tokens.'),
  /** Increases with each change of `auth`, so that tokens of earlier credentials are no longer used. The default is 0. */
  credentialsVersion: z.int().exactOptional(),
  needsAuthorization: z
    .boolean()
    .exactOptional()
    .describe('`true` if a user must authorize the connection (again) before it can be used. Otherwise absent.'),
  createdAt: z.date().describe('When the connection was added.'),
  capabilities: capabilitiesSchema.exactOptional(),
  lastTest: connectionTestSchema.exactOptional(),
});
export type Connection = Immutable<z.output<typeof connectionSchema>>;

/** The members of type `never` make the compiler refuse a `Connection`, which has the secrets. */
type WithoutSecrets<Auth extends ConnectionAuth> = Auth extends { readonly method: 'private_key_jwt' }
  ? Omit<Auth, 'signingKey'> & {
      readonly signingKey?: Omit<SigningKey, 'privateJwk'> & { readonly privateJwk?: never };
    }
  : Omit<Auth, 'clientSecret'> & { readonly clientSecret?: never };

/** A connection as everything needs it that does not request access tokens. */
export interface ConnectionWithoutSecrets extends Omit<Connection, 'auth'> {
  readonly auth: WithoutSecrets<ConnectionAuth>;
}
