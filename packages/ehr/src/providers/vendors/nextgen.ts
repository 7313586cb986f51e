import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';

export const nextGen: Vendor = {
  entry: {
    id: 'nextgen',
    name: 'NextGen',
    environments: {
      enterprise: { fhirEndpoint: 'https://fhir.nextgen.com/nge/prod/fhir-api-r4/fhir/r4' },
    },
    defaultEnvironment: 'enterprise',
    defaultScope: 'system/*.read',
    search: { patientList: {} },
  },
  connect: { method: 'client_credentials', level: 'none' },
  facts: [
    {
      fact: 'Enterprise has one FHIR endpoint for all practices. Office is another product',
      does: 'the environment `enterprise`, and the provider `nextgen-office`',
      source: 'code and documentation of other clients',
      readAt,
    },
    {
      fact: 'no public page describes an export, or tokens without a user, for Enterprise',
      does: 'the walk on its page reads by searches. If the CapabilityStatement has `export`, start an export instead',
      source: 'nextgen.com/api/regulatory-nge',
      readAt,
    },
    {
      fact: 'no limits are published',
      does: 'pauses when the server asks for it',
      source: 'nextgen.com/api/regulatory-nge',
      readAt,
    },
  ],
};
