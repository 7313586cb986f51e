import { toProviderView } from '@bulkhead/connections/commands';
import { scheduleKinds } from '@bulkhead/ehr/providers';
import { page, success } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { providerActions } from './connection.actions.ts';

const providerSchema = z
  .strictObject({
    id: z.string().describe('The id to use in paths and in `provider`, such as `athenahealth`.'),
    name: z.string().describe('The name of the vendor, for people.'),
    environments: z.array(z.string()).describe('The environments that a connection can name.'),
    defaultEnvironment: z.string().describe('The environment of a connection that names none.'),
    fhirEndpoints: z
      .record(z.string(), z.string())
      .describe('The default FHIR endpoint of each environment, by its name.'),
    authMethods: z
      .array(z.enum(['none', 'client_credentials', 'private_key_jwt', 'authorization_code']))
      .describe('The methods by which a connection can get access tokens.'),
    hasClient: z
      .boolean()
      .describe('Whether the deployment has a registered client, so that a connection can omit client id and secret.'),
    usesPracticeId: z
      .boolean()
      .describe('Whether exports need the id of the practice, because the exported Group is derived from it.'),
    defaultSchedule: z
      .strictObject({
        cron: z.string().describe('The cron expression of five fields.'),
        timeZone: z.string().describe('The time zone of the cron expression.'),
        kind: z.enum(scheduleKinds).describe('What is started: `export` or `sync`.'),
      })
      .optional()
      .describe('The schedule that a new connection gets. Absent if there is none.'),
  })
  .meta({
    id: 'Provider',
    description:
      'The choices for a new connection. `fhirEndpoints` has the default endpoint of each environment. `hasClient` means that client id and secret can be omitted.',
  });

const providerExample = {
  id: 'athenahealth',
  name: 'athenahealth',
  environments: ['production', 'sandbox', 'preview'],
  defaultEnvironment: 'production',
  fhirEndpoints: {
    production: 'https://api.platform.athenahealth.com/fhir/r4',
    sandbox: 'https://api.platform.athenahealth.com/fhir/r4/sandbox',
    preview: 'https://api.preview.platform.athenahealth.com/fhir/r4',
  },
  authMethods: ['none', 'client_credentials', 'private_key_jwt'],
  hasClient: true,
  usesPracticeId: true,
};

const detailsSchema = providerSchema
  .extend({
    settings: z
      .record(z.string(), z.unknown())
      .describe('The entry as it is used, with every field that is set. It has no client secret.'),
  })
  .meta({ id: 'ProviderDetails', description: 'A provider with every setting.' });

const detailsExample = {
  id: 'my-server',
  name: 'My server',
  environments: ['main'],
  defaultEnvironment: 'main',
  fhirEndpoints: { main: 'https://fhir.example.org/r4' },
  authMethods: ['none', 'client_credentials', 'private_key_jwt'],
  hasClient: false,
  usesPracticeId: false,
  settings: {
    id: 'my-server',
    name: 'My server',
    environments: { main: { fhirEndpoint: 'https://fhir.example.org/r4' } },
    defaultEnvironment: 'main',
    defaultScope: 'system/*.read',
  },
};

const listProviders = defineEndpoint({
  id: 'listProviders',
  route: 'GET /api/ehr/providers',
  action: providerActions.list,
  summary: 'List the EHR vendors, and the choices for a new connection',
  description:
    'Returns the vendors of the provider registry, with their environments, endpoints and methods of authentication. Use it to fill in the body of a new connection.',
  request: { query: shortListQuery },
  responses: {
    200: page('The vendors of the provider registry, by their id', {
      item: providerSchema,
      example: [providerExample],
    }),
  },
  handler({ query, services }) {
    const { items, next } = pageOf(services.registry.list(), query, ({ id }) => id);
    return { data: items.map(toProviderView), next };
  },
});

const getProvider = defineEndpoint({
  id: 'getProvider',
  route: 'GET /api/ehr/providers/:id',
  action: providerActions.read,
  summary: 'Return the settings of an EHR vendor',
  description:
    'Returns the entry of the provider registry as it is used. The order of the sources is the built-in entry, what was measured, `BULKHEAD_PROVIDERS_FILE`, and `BULKHEAD_PROVIDERS`. Each process reads the file again when it changes.',
  responses: { 200: success('The settings', { data: detailsSchema, example: detailsExample }) },
  errors: ['unknown-provider'],
  handler({ params: { id }, services }) {
    const provider = services.registry.get(id);
    const { clientSecret: _, ...settings } = provider;
    return { data: { ...toProviderView(provider), settings } };
  },
});

export const providerEndpoints = [listProviders, getProvider] as const;
