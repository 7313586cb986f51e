import { toProviderView } from '@bulkhead/connections/commands';
import { scheduleKinds } from '@bulkhead/providers';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';

const providerSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    environments: z.array(z.string()),
    defaultEnvironment: z.string(),
    fhirEndpoints: z.record(z.string(), z.string()),
    authMethods: z.array(z.enum(['none', 'client_credentials', 'private_key_jwt', 'authorization_code'])),
    hasClient: z.boolean(),
    usesPracticeId: z.boolean(),
    defaultSchedule: z.strictObject({ cron: z.string(), timeZone: z.string(), kind: z.enum(scheduleKinds) }).optional(),
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

export const listProviders = defineEndpoint({
  id: 'listProviders',
  method: 'get',
  path: '/api/ehr/providers',
  action: 'provider.list',
  access: 'client',
  audited: false,
  summary: 'List the EHR vendors, and the choices for a new connection',
  request: { query: z.strictObject(shortListQuery) },
  responses: {
    200: { description: 'Providers', schema: page(providerSchema), example: [providerExample] },
  },
  errors: [],
  handler({ query, services }) {
    const { items, next } = pageOf(services.registry.list(), query, ({ id }) => id);
    return { data: items.map(toProviderView), next };
  },
});
