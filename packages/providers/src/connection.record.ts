import type { Immutable } from '@bulkhead/runtime';
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
  clientId: z.string(),
  /** If it is left out, discovery finds it. */
  tokenEndpoint: z.string().exactOptional(),
  scope: z.string(),
};

/** How the client sends its secret to the token endpoint (RFC 6749 2.3.1): with HTTP Basic, or in the form. */
export const secretWays = ['basic', 'post'] as const;

/** It is stored encrypted, and is never part of a response, a log or a job. */
const clientSecret = z.string();
/** The default is `basic`. */
const secretBy = z.enum(secretWays).exactOptional();

/** How a connection gets its access tokens. */
const authSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({ method: z.literal('client_credentials'), ...oauthClient, clientSecret, secretBy }),
  z.strictObject({
    /** SMART Backend Services: the client sends an assertion that is signed with a private key instead of a secret. */
    method: z.literal('private_key_jwt'),
    ...oauthClient,
    alg: z.enum(assertionAlgorithms),
    /** The default is the key of the deployment, which is published at `/.well-known/jwks.json`. */
    signingKey: signingKeySchema.exactOptional(),
  }),
  z.strictObject({
    /** A user has given consent at the EHR. A client without a secret is a public client and relies on PKCE. */
    method: z.literal('authorization_code'),
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

/** The result of one step of a connection test. */
const connectionTestStepSchema = z.strictObject({
  step: z.enum(['discovery', 'token', 'read']),
  ok: z.boolean(),
  durationMs: z.number().min(0),
  /** And what its success proves. */
  tried: z.string().exactOptional().meta({ description: 'Of a read: what was asked of the EHR.' }),
  code: z.string().exactOptional(),
  message: z.string().exactOptional(),
  /** Advice for the operator who has to fix it. */
  whatToDo: z.string().exactOptional(),
});
export type ConnectionTestStep = Immutable<z.output<typeof connectionTestStepSchema>>;

/** A test ends at the first step that fails. */
export const connectionTestSchema = z.strictObject({
  id: z.string(),
  ok: z.boolean(),
  endedAt: z.date(),
  steps: z.array(connectionTestStepSchema),
});
export type ConnectionTest = Immutable<z.output<typeof connectionTestSchema>>;

/** The credentials of one practice at a provider. */
export const connectionSchema = z.strictObject({
  id: z.string(),
  provider: z.string(),
  environment: z.string(),
  /** An absolute URL without a trailing slash. */
  fhirEndpoint: z.string(),
  practiceId: z.string().exactOptional(),
  /** The Group whose `$export` covers the practice. */
  groupId: z.string().exactOptional(),
  /** The FHIR id of the patient, if the connection is about a single patient. */
  userId: z.string().exactOptional(),
  /** The URL that is called when an export or a sync of the connection ends. */
  webhookUrl: z.string().exactOptional(),
  auth: authSchema,
  /** Increases with each change of `auth`, so that tokens of earlier credentials are no longer used. The default is 0. */
  credentialsVersion: z.int().exactOptional(),
  /** The user's authorization has ended or has not been given yet. */
  needsAuthorization: z.boolean().exactOptional(),
  createdAt: z.date(),
  capabilities: capabilitiesSchema.exactOptional(),
  lastTest: connectionTestSchema.exactOptional(),
});
export type Connection = Immutable<z.output<typeof connectionSchema>>;
