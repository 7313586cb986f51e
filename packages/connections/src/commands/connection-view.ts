import { type Capabilities, type Provider, requestedScope } from '@bulkhead/ehr/providers';
import { scopeDoubt } from '@bulkhead/fhir';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import {
  type ConnectionTest,
  type ConnectionWithoutSecrets,
  connectionSchema,
  connectionTestSchema,
  scopeSearchSchema,
} from '../connection.record.ts';
import { connectionAuthSchema } from './connection.schema.ts';

export const connectionTestViewSchema = z
  .strictObject(
    viewShapeOf(connectionTestSchema, [
      'ok',
      'endedAt',
      { steps: ['step', 'ok', 'durationMs', 'tried', 'code', 'message', 'whatToDo'] },
    ]),
  )
  .meta({
    id: 'ConnectionTest',
    description: 'The steps of the test, up to the first that failed, and what to do about that failure.',
  });

const [none, clientCredentials, privateKey, authorizationCode] = connectionSchema.shape.auth.options;

export const connectionViewSchema = z
  .strictObject({
    ...viewShapeOf(connectionSchema, [
      'id',
      'name',
      'provider',
      'environment',
      'fhirEndpoint',
      'practiceId',
      'groupId',
      'userId',
      'webhookUrl',
      'origins',
      'aliases',
      'auth',
      'needsAuthorization',
      'createdAt',
    ]),
    auth: z
      .discriminatedUnion('method', [
        none,
        clientCredentials.omit({ clientSecret: true }),
        privateKey.omit({ signingKey: true }).extend({
          kid: z
            .string()
            .exactOptional()
            .describe('The id of the connection’s own key. Absent if the keys of the deployment sign.'),
        }),
        authorizationCode.omit({ clientSecret: true }),
      ])
      .describe('How the connection gets its access tokens, without secrets and private keys.'),
    warnings: z
      .array(z.string())
      .exactOptional()
      .describe('What in the settings is unusual, and is sent to the EHR as it is. Absent if nothing is.'),
    lastTest: connectionTestViewSchema
      .exactOptional()
      .describe('The result of the last test. Absent if the connection was never tested with its credentials.'),
    scopeSearch: z
      .strictObject(viewShapeOf(scopeSearchSchema, ['requested', 'granted', 'refused', 'startedAt', 'endedAt']))
      .meta({
        id: 'ScopeSearch',
        description:
          'Which scopes the EHR grants. A test looks for them if the EHR refuses all requested scopes together, and the connection then requests those that are granted.',
      })
      .exactOptional()
      .describe('What a test has found out about the scopes. Absent if the EHR has not refused them.'),
  })
  .meta({ id: 'Connection', description: 'The credentials of one practice at a provider. Secrets are never shown.' });

type ConnectionView = View<typeof connectionViewSchema>;

export function toConnectionView(connection: ConnectionWithoutSecrets): ConnectionView {
  return viewOf(connectionViewSchema, {
    ...connection,
    auth: toAuthView(connection),
    warnings: warningsOf(connection),
  });
}

function warningsOf({ auth }: Pick<ConnectionWithoutSecrets, 'auth'>): string[] | undefined {
  if (auth.method === 'none') return undefined;
  const doubt =
    auth.scope === '' ? undefined : scopeDoubt({ scope: auth.scope, withUser: auth.method === 'authorization_code' });
  const audience = auth.method === 'private_key_jwt' ? auth.audience : undefined;
  const warnings = [
    ...(doubt === undefined
      ? []
      : [`Scopes are not of a form that SMART knows: ${doubt}. They are requested as they are.`]),
    ...(audience === undefined
      ? []
      : [`The audience of assertions is ${audience}, instead of the URL of the token endpoint that SMART demands.`]),
  ];
  return warnings.length === 0 ? undefined : warnings;
}

export function toTestView(test: ConnectionTest): View<typeof connectionTestViewSchema> {
  return viewOf(connectionTestViewSchema, test);
}

function toAuthView(connection: Pick<ConnectionWithoutSecrets, 'auth' | 'capabilities'>): ConnectionView['auth'] {
  const { auth } = connection;
  if (auth.method === 'none') return auth;
  const scope = requestedScope(connection);
  if (auth.method !== 'private_key_jwt') return { ...auth, scope };
  const { signingKey, ...view } = { ...auth, scope };
  return signingKey ? { ...view, kid: signingKey.kid } : view;
}

/** The answer of "Get Capabilities" in the guide. */
export function toCapabilitiesView(options: {
  readonly capabilities: Capabilities;
  readonly rateLimit: Provider['rateLimit'];
}) {
  const { capabilities, rateLimit } = options;
  const offers = (type: string) => capabilities.resourceTypes.includes(type);
  return {
    bulkExport: capabilities.exportLevels.length > 0,
    diagnosticReports: offers('DiagnosticReport'),
    carePlans: offers('CarePlan'),
    encounters: offers('Encounter'),
    appointments: offers('Appointment'),
    documentReferences: offers('DocumentReference'),
    rateLimit: describeRate(rateLimit),
  };
}

function describeRate(rateLimit: Provider['rateLimit']): string {
  if (!rateLimit) return 'none';
  return `${Math.round((rateLimit.limit / rateLimit.windowMs) * 100_000) / 100} requests/second`;
}

const methods = connectionAuthSchema.options.map(({ shape }) => shape.method.value);

/** The choices for a new connection. It contains no client secret. */
export function toProviderView(provider: Provider) {
  const { id, name, environments, defaultEnvironment, groupIdTemplate, clientId, redirectUri, defaultSchedule } =
    provider;
  return {
    id,
    name,
    environments: Object.keys(environments),
    defaultEnvironment,
    /** Used if a connection names no endpoint. */
    fhirEndpoints: Object.fromEntries(
      Object.entries(environments).map(([environment, { fhirEndpoint }]) => [environment, fhirEndpoint]),
    ),
    // Without a redirect URI no user can be sent to the EHR.
    authMethods: methods.filter((method) => method !== 'authorization_code' || redirectUri !== undefined),
    /** The deployment has its own client, so a connection may omit client id and secret. */
    hasClient: clientId !== undefined,
    /** Its bulk exports export a Group whose id contains the practice id. */
    usesPracticeId: groupIdTemplate !== undefined,
    ...(defaultSchedule ? { defaultSchedule } : {}),
  };
}
