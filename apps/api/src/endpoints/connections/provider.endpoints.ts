import {
  type ProviderChange,
  type ProviderState,
  providerEntrySchema,
  toProviderView,
} from '@bulkhead/connections/commands';
import { scheduleKinds } from '@bulkhead/ehr/providers';
import { pageOf, shortListQuery, trueOrFalse } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page, success } from '../common.schema.ts';
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
    entry: providerEntrySchema.optional().describe('What is stored of the entry. Absent if nothing is.'),
    version: z
      .string()
      .describe('The version of what is stored of the entry: another one with each change, or `none`.'),
    isDeclared: z
      .boolean()
      .describe(
        'Whether `BULKHEAD_PROVIDERS_FILE` or `BULKHEAD_PROVIDERS` has an entry with this id. Then it is changed there.',
      ),
  })
  .meta({ id: 'ProviderDetails', description: 'A provider with every setting, and what is stored of its entry.' });

const settingsExample = {
  id: 'my-server',
  name: 'My server',
  environments: { main: { fhirEndpoint: 'https://fhir.example.org/r4' } },
  defaultEnvironment: 'main',
  defaultScope: 'system/*.read',
};
const { id: _, ...entryExample } = settingsExample;
const detailsExample = {
  id: 'my-server',
  name: 'My server',
  environments: ['main'],
  defaultEnvironment: 'main',
  fhirEndpoints: { main: 'https://fhir.example.org/r4' },
  authMethods: ['none', 'client_credentials', 'private_key_jwt'],
  hasClient: false,
  usesPracticeId: false,
  settings: settingsExample,
  entry: entryExample,
  version: '0d9a5f3e-3f0c-4a57-9f0a-2b1d8d6f7c11',
  isDeclared: false,
};

function toDetails({ provider, entry, version, isDeclared }: ProviderState) {
  const { clientSecret: _, ...settings } = provider;
  return { ...toProviderView(provider), settings, ...(entry ? { entry } : {}), version, isDeclared };
}

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

const route = '/api/ehr/providers/:id';
const providerWith = (description: string) => success(description, { data: detailsSchema, example: detailsExample });

const getProvider = defineEndpoint({
  id: 'getProvider',
  route: `GET ${route}`,
  action: providerActions.read,
  summary: 'Return the settings of an EHR vendor',
  description:
    'Returns the entry of the provider registry as it is used, and what is stored of it. The order of the sources is the built-in entry, what was measured, what is stored, `BULKHEAD_PROVIDERS_FILE`, and `BULKHEAD_PROVIDERS`.',
  responses: { 200: providerWith('The settings, and what is stored of them') },
  errors: ['unknown-provider'],
  async handler({ params: { id }, services }) {
    return { data: toDetails(await services.providers.read(id)) };
  },
});

const changeProvider = defineEndpoint({
  id: 'changeProvider',
  route: `PUT ${route}`,
  action: providerActions.change,
  summary: 'Add an EHR vendor, or change the settings of one',
  description:
    'Replaces what is stored of the entry. Every process uses it within some seconds. A change after which a connection could no longer be used is refused, and so is one of a provider in `BULKHEAD_PROVIDERS_FILE` or `BULKHEAD_PROVIDERS`. The audit log has the hosts that get credentials from now on, and those that no longer do.',
  request: {
    query: z.strictObject({
      dryRun: trueOrFalse.default(false).describe('`true`: the change is checked, and nothing is stored.'),
      version: z
        .string()
        .max(100)
        .optional()
        .describe(
          'The `version` that the change was made from. If another one is stored, the change is refused. Default: what is stored is replaced.',
        ),
    }),
    body: { schema: providerEntrySchema, example: entryExample },
  },
  responses: { 200: providerWith('The provider with its new settings') },
  errors: ['provider-declared', 'provider-in-use', 'provider-changed'],
  async handler({ params: { id }, query: { dryRun: isDryRun, version }, body: entry, services, audit }) {
    const change = await services.providers.save({ id, entry, version, isDryRun });
    audit.addTarget(toTarget(change));
    audit.setChanged(!isDryRun);
    const { provider, replaced } = change;
    if (isDryRun && provider) return { data: toDetails({ provider, entry, version: replaced, isDeclared: false }) };
    return { data: toDetails(await services.providers.read(id)) };
  },
});

const removeProvider = defineEndpoint({
  id: 'removeProvider',
  route: `DELETE ${route}`,
  action: providerActions.remove,
  summary: 'Remove what is stored of an EHR vendor',
  description:
    'A provider that is built in is then as it was, and another one is gone. It is refused if a connection could no longer be used.',
  responses: { 204: { description: 'The entry is removed' } },
  errors: ['unknown-provider', 'provider-declared', 'provider-in-use', 'provider-not-stored', 'provider-changed'],
  async handler({ params: { id }, services, audit }) {
    audit.addTarget(toTarget(await services.providers.remove(id)));
    return {};
  },
});

/** A vendor can have thousands of hosts. A target of the audit log has at most 1,000 characters. */
const longestList = 1000;

function toTarget({ addedHosts, removedHosts }: ProviderChange) {
  const list = (hosts: readonly string[]) => hosts.join(' ').slice(0, longestList);
  return {
    ...(addedHosts.length === 0 ? {} : { addedHosts: list(addedHosts) }),
    ...(removedHosts.length === 0 ? {} : { removedHosts: list(removedHosts) }),
  };
}

export const providerEndpoints = [listProviders, getProvider, changeProvider, removeProvider] as const;
