import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';

export const nextGen: Vendor = {
  entry: {
    id: 'nextgen',
    name: 'NextGen',
    environments: {
      enterprise: { fhirEndpoint: 'https://fhir.nextgen.com/nge/prod/fhir-api-r4/fhir/r4' },
      office: { fhirEndpoint: 'https://fhir.meditouchehr.com/api/fhir/r4' },
    },
    defaultEnvironment: 'enterprise',
    defaultScope: 'system/*.read',
    search: { patientList: {} },
  },
  connect: { method: 'client_credentials', level: 'none' },
  facts: [
    {
      fact: 'Enterprise has one FHIR endpoint for all practices. Office is another product with its own',
      does: 'the environments `enterprise` and `office`',
      source: 'code and documentation of other clients',
      readAt,
    },
    {
      fact: 'no public page describes an export, or tokens without a user, for Enterprise',
      does: 'the walk below reads by searches. If the CapabilityStatement has `export`, start an export instead',
      source: 'nextgen.com/api/regulatory-nge',
      readAt,
    },
    {
      fact: 'the bulk API of Office wants a client secret by HTTP Basic',
      does: 'sends secrets by Basic unless `--secret-by` says otherwise',
      source: 'nextgen.com/api/regulatory-ngo, and documentation of another client',
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
