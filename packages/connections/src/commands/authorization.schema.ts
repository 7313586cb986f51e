import { hashOf } from '@bulkhead/base';
import type { AuthorizationEndpoints } from '@bulkhead/ehr/providers';
import { z } from 'zod';
import type { AuthorizationRequest } from '../authorization-request.record.ts';
import { connectionBodySchema, text } from './connection.schema.ts';

const { environment, practiceId, groupId } = connectionBodySchema.shape;
const scope = text(5000)
  .optional()
  .describe('The SMART scopes to request, separated by spaces. Default: the scopes of the provider.');

/** Either an existing connection, or the fields of a new one. */
const fields = {
  connectionId: text(100)
    .optional()
    .describe('The connection to authorize. Without it a new connection is created, which the other fields describe.'),
  environment,
  practiceId,
  groupId,
  scope,
};
const onlyOne = {
  path: ['connectionId'],
  error: 'must be the only field: the other fields describe a new connection',
};
const isOnlyField = ({ connectionId, ...others }: Readonly<Record<string, unknown>>) =>
  connectionId === undefined || Object.values(others).every((value) => value === undefined);

/** The query of a browser's address, which must not contain a secret. */
export const authorizeQuerySchema = z.strictObject(fields).refine(isOnlyField, onlyOne);

export const authorizeBodySchema = z
  .strictObject({
    ...fields,
    clientId: text(500)
      .optional()
      .describe('The client of a new connection. Default: the client id of the provider (`ATHENAHEALTH_CLIENT_ID`).'),
    clientSecret: text(5000)
      .optional()
      .describe('The secret of the client. It is stored encrypted and never returned.'),
  })
  .refine(isOnlyField, onlyOne)
  .meta({
    description:
      'An existing connection, or the fields of a new one. An empty object creates a connection with the defaults of the provider.',
  });
export type AuthorizeBody = z.output<typeof authorizeBodySchema>;

export const launchQuerySchema = z.object({
  iss: z
    .url()
    .max(2000)
    .describe('The FHIR endpoint of the EHR that launches the application. It must be in the provider registry.'),
  launch: text(2000).describe('The id of the launch, which the EHR gave.'),
});

/** RFC 6749, 4.1.2. Other parameters that a server adds are ignored. */
export const callbackQuerySchema = z.object({
  state: text(500).describe('The value that was sent to the EHR. It identifies the authorization.'),
  code: text(5000).optional().describe('The authorization code. Absent if the EHR refused.'),
  error: z.string().max(200).optional().describe('Why the EHR refused, such as `access_denied`. Absent if it agreed.'),
  iss: z.string().max(2000).optional().describe('The issuer of the response (RFC 9207), if the EHR sends it.'),
});
export type CallbackQuery = z.output<typeof callbackQuerySchema>;

/** The address that a browser is sent to: SMART App Launch 2.2, "Request authorization code", with PKCE by S256 (RFC 7636). */
export function authorizationUrl(options: {
  readonly request: Pick<AuthorizationRequest, 'clientId' | 'redirectUri' | 'scope' | 'fhirEndpoint'>;
  readonly endpoints: AuthorizationEndpoints;
  readonly state: string;
  readonly verifier: string;
  /** The launch id that the EHR gave, if this is an EHR launch. */
  readonly launch: string | undefined;
}): string {
  const { request, endpoints, state, verifier, launch } = options;
  const url = new URL(endpoints.authorizationEndpoint);
  const parameters = {
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope,
    state,
    aud: request.fhirEndpoint,
    code_challenge: hashOf(verifier),
    code_challenge_method: 'S256',
    ...(launch === undefined ? {} : { launch }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
