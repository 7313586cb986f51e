import type { Immutable } from '@bulkhead/base';
import { scopeVersions } from '@bulkhead/fhir';
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
    .describe('The URL that issues access tokens. Absent if it is discovered from the FHIR endpoint.'),
  scope: z.string().describe('The SMART scopes that are requested, separated by spaces. Empty if none are.'),
};

const declaredScopes = {
  scopesOfDeclared: z
    .enum(scopeVersions)
    .exactOptional()
    .describe(
      'The version of scopes that are requested for each type that the EHR declares and that can be a part of a record. `scope` then shows them. Absent if the scopes are fixed.',
    ),
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
export const connectionAuthSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none').describe('The server needs no access token.') }),
  z.strictObject({
    method: z.literal('client_credentials').describe('A client id and a secret.'),
    ...oauthClient,
    ...declaredScopes,
    clientSecret,
    secretBy,
  }),
  z.strictObject({
    method: z
      .literal('private_key_jwt')
      .describe('SMART Backend Services: an assertion that is signed with a private key replaces the secret.'),
    ...oauthClient,
    ...declaredScopes,
    alg: z.enum(assertionAlgorithms).describe('The algorithm of the signature.'),
    audience: z
      .string()
      .exactOptional()
      .describe('The `aud` of the assertion. Absent if it is the URL of the token endpoint, as SMART demands.'),
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
export type ConnectionAuth = Immutable<z.output<typeof connectionAuthSchema>>;

/** The capabilities of a server, which a worker reads from its CapabilityStatement. */
export const capabilitiesSchema = z.strictObject({
  readAt: z.date(),
  fhirVersion: z.string().exactOptional(),
  software: z.string().exactOptional(),
  exportLevels: z.array(z.enum(['system', 'patient', 'group'])),
  /** The highest version of FHIR Bulk Data that the server declares, such as 2 for 2.0.0. Absent if it declares none. */
  bulkDataVersion: z.int().exactOptional(),
  /** Types that can be searched by patient, or read in bulk. */
  resourceTypes: z.array(z.string()),
  /** Types with the interaction `search-type`. Absent if the server lists no interactions. */
  searchTypes: z.array(z.string()).exactOptional(),
  /** Types whose search declares the parameter `patient`. Absent if the server lists no search parameters. */
  patientSearchTypes: z.array(z.string()).exactOptional(),
  /** Types whose search declares `_revinclude=Provenance:target`. Absent if none does. */
  provenanceTypes: z.array(z.string()).exactOptional(),
});
export type Capabilities = Immutable<z.output<typeof capabilitiesSchema>>;

/** An upgrade of the server is noticed within a day. This costs only one request a day. */
const capabilitiesMaxAgeMs = 24 * 60 * 60_000;

/** Whether the capabilities are recent enough that they need not be read again. */
export function areCurrent({ readAt }: Capabilities, now: Date): boolean {
  return now.getTime() - readAt.getTime() < capabilitiesMaxAgeMs;
}

/** What requests to an EHR need of a connection. The record, with its name and its tests, belongs to the feature `connections`. */
export interface EhrConnection {
  readonly id: string;
  readonly provider: string;
  readonly environment: string;
  readonly fhirEndpoint: string;
  readonly practiceId?: string;
  readonly groupId?: string;
  readonly userId?: string;
  /** Further origins of the EHR, which get the token. */
  readonly origins?: readonly string[];
  /** Other names of the origin of the FHIR endpoint. */
  readonly aliases?: readonly string[];
  readonly auth: ConnectionAuth;
  /** The scopes of the tokens of one export, instead of those of `auth`. */
  readonly exportScope?: string;
  readonly credentialsVersion?: number;
  readonly needsAuthorization?: boolean;
  readonly capabilities?: Capabilities;
}
