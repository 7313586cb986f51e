import type { Vendor } from './vendor.ts';

const readAt = '2026-12-03';
const description = 'the OpenAPI description "NextGen Office BulK FHIR API" of nextgen.com/api/regulatory-ngo';

export const nextGenOffice: Vendor = {
  entry: {
    id: 'nextgen-office',
    name: 'NextGen Office',
    environments: { bulk: { fhirEndpoint: 'https://fhir.meditouchehr.com/api/bulkfhir/r4' } },
    defaultEnvironment: 'bulk',
    defaultScope: 'system/*.rs',
    oauthHosts: ['idp-prod.prod.ngo.nextgenaws.net'],
    // A cold start does not wait for a minute and a half, which a person who tests a connection does not have.
    rateLimit: { limit: 20, windowMs: 60_000, perDay: 28_800, coldStart: 'go' },
    limitCountsBy: 'server',
    kickOff: { madeGroups: 'patientIds' },
  },
  connect: { method: 'client_credentials', level: 'listed' },
  facts: [
    {
      fact: 'exports have a separate FHIR endpoint, `/api/bulkfhir/r4`, for all practices',
      does: 'the environment `bulk`. Searches at `/api/fhir/r4` are for users and launches',
      source: description,
      readAt,
    },
    {
      fact: 'a client makes the Group that it exports, by POST with `patientIds`, and the number of Groups is limited',
      does: 'makes one for each export of listed patients, and deletes it at its end (`kickOff.madeGroups`)',
      source: description,
      readAt,
    },
    {
      fact: 'tokens come from another host',
      does: 'sends credentials there (`oauthHosts`)',
      source: 'documentation of API Evangelist (github.com/api-evangelist/nextgen-healthcare)',
      readAt,
    },
    {
      fact: 'the client secret is wanted by HTTP Basic',
      does: 'sends secrets by Basic unless `--secret-by` says otherwise',
      source: 'nextgen.com/api/regulatory-ngo, and documentation of another client',
      readAt,
    },
    {
      fact: 'at most 20 requests a minute from one address',
      does: 'keeps to it (`rateLimit`)',
      source: 'nextgen.com/api/regulatory-ngo, as quoted by another program',
      readAt,
    },
    {
      fact: 'one request for a patient in a week',
      does: 'nothing: schedule exports of a patient a week apart',
      source: 'nextgen.com/api/regulatory-ngo, as quoted by another program',
      readAt,
    },
  ],
};
