import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import {
  type ConnectionAuth,
  capabilitiesSchema,
  connectionAuthSchema,
  type SigningKey,
} from '@bulkhead/ehr/providers';
import { mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

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

/** See `find-scopes.ts`. */
export const scopeSearchSchema = z.strictObject({
  requested: z.array(z.string()).describe('The scopes that were requested together, and refused.'),
  granted: z.array(z.string()).describe('Those that the EHR has granted by themselves.'),
  refused: z.array(z.string()).describe('Those that the EHR has refused by themselves. The others were not tried yet.'),
  startedAt: z.date().describe('When the search began.'),
  endedAt: z
    .date()
    .exactOptional()
    .describe('When the search ended, and the connection began to request what is granted. Absent while it runs.'),
});
export type ScopeSearch = Immutable<z.output<typeof scopeSearchSchema>>;

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
    .describe('The URL that is called when an export or a sync of the connection ends. Absent if there is none.'),
  origins: z
    .array(z.string())
    .exactOptional()
    .describe('Further origins of the EHR that get the access token. Absent if there are none.'),
  aliases: z
    .array(z.string())
    .exactOptional()
    .describe(
      'Origins by which the EHR calls its own FHIR endpoint. Their links are requested at the FHIR endpoint. Absent if there are none.',
    ),
  auth: connectionAuthSchema.describe('How the connection gets its access tokens.'),
  /** Increases with each change of `auth`, so that tokens of earlier credentials are no longer used. The default is 0. */
  credentialsVersion: z.int().exactOptional(),
  needsAuthorization: z
    .boolean()
    .exactOptional()
    .describe('`true` if a user must authorize the connection (again) before it can be used. Otherwise absent.'),
  createdAt: z.date().describe('When the connection was added.'),
  capabilities: capabilitiesSchema.exactOptional(),
  lastTest: connectionTestSchema.exactOptional(),
  scopeSearch: scopeSearchSchema.exactOptional(),
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
