import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';

export const modMed: Vendor = {
  entry: {
    id: 'modmed',
    name: 'ModMed',
    environments: {
      production: {
        fhirEndpoint: 'https://fhirmp.mmi.prod.fhir.ema-api.com/fhir/r4',
        tokenEndpoint: 'https://sso.ema.md/auth/realms/fhir/protocol/openid-connect/token',
      },
    },
    defaultEnvironment: 'production',
    defaultScope: 'system/Patient.rs system/Group.rs',
    exportScopes: { version: 'v2', extras: 'system/Group.rs' },
    endpointHosts: ['*.prod.fhir.ema-api.com'],
    endpointList:
      'https://public-api.mmi.prod.fhir.ema-api.com/fhir/r4/Endpoint?connection-type=hl7-fhir-rest&_count=500',
  },
  connect: {
    method: 'private_key_jwt',
    fhirEndpoint: 'https://PRACTICE.mmi.prod.fhir.ema-api.com/fhir/r4',
    level: 'Patient',
    options: '--alg ES384',
  },
  facts: [
    {
      fact: 'each practice has its own FHIR endpoint, in a published list; a demonstration endpoint is the only one without patients',
      does: 'allows the hosts below `prod.fhir.ema-api.com` (`endpointHosts`)',
      source: 'portal.api.modmed.com, and the Endpoint resources as read by other clients',
      readAt,
    },
    {
      fact: 'an administrator of the practice adds the client id of a Bulk application once',
      does: 'nothing: without it, tokens or requests are refused',
      source: 'portal.api.modmed.com, Overview of Bulk FHIR',
      readAt,
    },
    {
      fact: 'tokens come from one server. One page describes a signed assertion with ES384, another a secret in the form',
      does: 'the walk on its page uses the assertion; with a secret, `--method client_credentials --secret-by post`',
      source: 'portal.api.modmed.com, Authentication',
      readAt,
    },
    {
      fact: 'scopes are explicit: `system/Patient.rs` for each type',
      does: 'the token of an export has a scope for each of its types (`exportScopes`)',
      source: 'documentation of another client, which read the OperationDefinitions of the demonstration endpoint',
      readAt,
    },
    {
      fact: 'exports are there for all patients, for a Group and for all data of a practice',
      does: 'the walk on its page exports all patients',
      source: 'portal.api.modmed.com, Overview of Bulk FHIR',
      readAt,
    },
  ],
};
