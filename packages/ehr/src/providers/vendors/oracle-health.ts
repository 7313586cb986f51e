import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';
const bulkPage = 'docs.oracle.com, Millennium Platform, Bulk Data Access';

export const oracleHealth: Vendor = {
  entry: {
    id: 'oracle-health',
    name: 'Oracle Health',
    environments: {
      sandbox: { fhirEndpoint: 'https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d' },
    },
    defaultEnvironment: 'sandbox',
    defaultScope: 'system/Patient.read system/Group.read',
    exportScopes: { version: 'v1', extras: 'system/Group.read' },
    oauthHosts: ['authorization.cerner.com'],
    endpointHosts: ['fhir-ehr.cerner.com'],
    endpointList:
      'https://raw.githubusercontent.com/oracle-samples/ignite-endpoints/refs/heads/main/oracle_health_fhir_endpoints/millennium_provider_r4_endpoints.json',
  },
  connect: {
    method: 'private_key_jwt',
    fhirEndpoint: 'https://fhir-ehr.cerner.com/r4/TENANT',
    level: 'Group',
  },
  facts: [
    {
      fact: 'each organization is a tenant in the path of one host; tokens come from another host',
      does: 'allows these two hosts (`endpointHosts`, `oauthHosts`), and files at any public host',
      source: 'the endpoint list of oracle-samples/ignite-endpoints, and code of other clients',
      readAt,
    },
    {
      fact: 'wildcard scopes are not granted, and a token must cover every type of the request',
      does: 'the token of an export has a scope for each of its types (`exportScopes`)',
      source: 'docs.oracle.com, Group Export',
      readAt,
    },
    {
      fact: 'the Group export is that of Bulk Data 1.0.1 with some parameters of 2.0; lists have commas',
      does: 'tries the forms that a server refuses one after the other',
      source: bulkPage,
      readAt,
    },
    {
      fact: 'a Patient export needs a list of patients, and does not export all',
      does: 'the walk on its page exports a Group',
      source: bulkPage,
      readAt,
    },
    {
      fact: 'a Group has at most 20,000 patients',
      does: 'nothing: ask for several Groups',
      source: bulkPage,
      readAt: '2026-11-29',
    },
    {
      fact: 'status requests must back off; files are kept for 30 days and should be deleted',
      does: 'waits longer after each status request, and deletes each export at the EHR',
      source: 'docs.oracle.com, Group Export',
      readAt,
    },
  ],
};
