import { assertionAlgorithms, originSchema, secretWays, withoutTrailingSlashes } from '@bulkhead/ehr/providers';
import { isResourceType, scopeVersions, whyNotResourceType } from '@bulkhead/fhir';
import { z } from 'zod';
import { maxNameLength } from '../connection-name.ts';

/** A text that is not empty. */
export const text = (maxLength: number) => z.string().min(1).max(maxLength);

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
/** The characters of FHIR ids and of athenahealth's practice ids. The value becomes part of a URL path, so no others, and no steps in it, are allowed. */
const pathSegment = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9\-._]{1,128}$/, 'must be 1-128 letters, digits, "-", "." or "_"');

/** The longest ids that servers are known to make have some 60 characters. */
const maxGroupId = 256;
/** Some servers have Groups whose ids are not those of FHIR (Epic: `systemlist|1234`). The id is encoded in URLs, except for what is a step in a path. */
const groupIdSchema = z
  .string()
  .min(1)
  .max(maxGroupId)
  .refine((id) => !/[\p{Cc}\p{Cs}]/u.test(id), 'must not have control characters')
  .refine((id) => !/^\.{1,2}$/.test(id), 'must not be "." or ".."');

/** A key as PEM, or as a JWK. */
export const privateKeySchema = z.union([text(20_000), z.record(z.string(), z.unknown())]);
/** The name under which the EHR knows a key. */
export const kidSchema = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1-200 printable ASCII characters');

const secretBySchema = z
  .enum(secretWays)
  .optional()
  .describe('How the secret is sent to the token endpoint: `basic` (HTTP Basic, the default) or `post` (in the form).');

const oauthClient = {
  clientId: text(4096)
    .optional()
    .describe(
      'The client that is registered at the EHR. Default: the client id of the provider (`ATHENAHEALTH_CLIENT_ID`).',
    ),
  tokenEndpoint: httpUrl
    .optional()
    .describe(
      'The URL that issues access tokens, on a host of the provider registry. Default: it is discovered from the FHIR endpoint.',
    ),
  scope: z
    .string()
    .max(5000)
    .transform((text) => [...new Set(text.split(/[\s,;|"'[\]]+/).filter(Boolean))].join(' '))
    .optional()
    .describe(
      'The SMART scopes to request, as they were added to the application: separated by spaces, commas, semicolons or lines. An empty text requests none, for an EHR that decides by the registration of the application. Default: the scopes of the provider.',
    ),
};

/** The scopes of an application that acts without a user, as a version and types instead of a list. */
const listedScopes = {
  scopeVersion: z
    .enum(scopeVersions)
    .optional()
    .describe(
      'Requests one scope for each type instead of `scope`: `v1` (`system/Patient.read`) or `v2` (`system/Patient.rs`). Choose the version for which the application is registered at the EHR: it refuses the other one.',
    ),
  scopeTypes: z
    .array(z.string().refine(isResourceType, { error: ({ input }) => whyNotResourceType(String(input)) }))
    .min(1)
    .max(150)
    .transform((types) => [...new Set(types)])
    .optional()
    .describe(
      'The types of `scopeVersion`. Default: those that the EHR declares in its CapabilityStatement and that can be a part of a record.',
    ),
};

export const connectionAuthSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none').describe('The server needs no access token.') }),
  z.strictObject({
    method: z.literal('client_credentials').describe('A client id and a secret.'),
    ...oauthClient,
    ...listedScopes,
    clientSecret: text(5000)
      .optional()
      .describe(
        'The secret of the client. It is stored encrypted and never returned. Default: the secret of the provider (`ATHENAHEALTH_CLIENT_SECRET`), for its own client id only.',
      ),
    secretBy: secretBySchema,
  }),
  z.strictObject({
    method: z
      .literal('private_key_jwt')
      .describe('SMART Backend Services: an assertion that is signed with a private key replaces the secret.'),
    ...oauthClient,
    ...listedScopes,
    alg: z
      .enum(assertionAlgorithms)
      .optional()
      .describe('Selects the signing key of the deployment. Not needed with `privateKey`, which has an algorithm.'),
    privateKey: privateKeySchema
      .optional()
      .describe(
        'A private key of the connection, as PEM or as a JWK. It is stored encrypted and never returned. Default: the keys of the deployment, which are published at `/.well-known/jwks.json`.',
      ),
    kid: kidSchema
      .optional()
      .describe('The id under which the EHR knows `privateKey`. Default: its thumbprint (RFC 7638).'),
    audience: text(2000)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII characters without spaces')
      .optional()
      .describe(
        'The `aud` of the assertion, for an authorization server that wants its issuer or another name. Default: the URL of the token endpoint, as SMART demands.',
      ),
  }),
  z.strictObject({
    method: z
      .literal('authorization_code')
      .describe('A user gives consent at the EHR. See the operations of Authorization.'),
    ...oauthClient,
    clientSecret: text(5000)
      .optional()
      .describe(
        'The secret of the client. It is stored encrypted and never returned. With a client id and no secret, the client is a public client.',
      ),
    secretBy: secretBySchema,
  }),
]);
export type ConnectionAuthBody = z.output<typeof connectionAuthSchema>;

/** One page of links names a handful of hosts. */
const maxOrigins = 20;
const originListSchema = z
  .array(originSchema)
  .max(maxOrigins)
  .transform((origins) => [...new Set(origins)]);

export const connectionOriginsSchema = z
  .strictObject({
    origins: originListSchema.describe(
      'Further origins of the EHR, such as `https://files.example.org`. They get the access token. If the provider lists its hosts, they must be among these.',
    ),
    aliases: originListSchema.describe(
      'Origins by which the EHR calls its own FHIR endpoint, such as the internal name of a server behind a proxy. A link there is requested at the FHIR endpoint.',
    ),
  })
  .meta({
    description: 'The origins of links that are followed with the access token, besides that of the FHIR endpoint.',
  });
export type ConnectionOrigins = z.output<typeof connectionOriginsSchema>;

export const connectionNameSchema = z.string().trim().min(1).max(maxNameLength);

export const connectionBodySchema = z
  .strictObject({
    name: connectionNameSchema.optional().meta({
      description:
        'Unique in the deployment. Default: from the provider, the environment and the practice or group, with a number if necessary.',
    }),
    force: z.boolean().default(false).meta({
      description: 'Create the connection even if one for the same provider, environment and practice or group exists.',
    }),
    provider: text(100).describe('The EHR vendor, such as `athenahealth`. `listProviders` returns them.'),
    environment: text(100)
      .optional()
      .describe('The environment of the vendor, such as `sandbox`. Default: the default environment of the vendor.'),
    fhirEndpoint: httpUrl
      .transform(withoutTrailingSlashes)
      .optional()
      .describe(
        'The base URL of the FHIR server, on a host of the provider registry. Default: the endpoint of the environment.',
      ),
    practiceId: pathSegment
      .optional()
      .describe('The id of the practice at the vendor. For athenahealth, the exported Group is derived from it.'),
    groupId: groupIdSchema
      .optional()
      .describe('The FHIR Group to export. Default: derived from `practiceId`, if the vendor does so.'),
    userId: pathSegment.optional().describe('The FHIR id of the patient, if the connection is about a single patient.'),
    schedule: z
      .boolean()
      .default(true)
      .describe('Whether the connection gets the default schedule of the vendor, if there is one.'),
    auth: connectionAuthSchema.describe('How the connection gets its access tokens.'),
  })
  .meta({ description: 'The practice, and the credentials for its EHR.' });
export type ConnectionBody = z.output<typeof connectionBodySchema>;

/** A connection that is tested before it is saved. */
export const connectionDraftSchema = connectionBodySchema.omit({ name: true, force: true, schedule: true });
export type ConnectionDraftBody = z.output<typeof connectionDraftSchema>;
