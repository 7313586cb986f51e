import type { Vendor } from './vendor.ts';

const readAt = '2026-12-01';
const byClients = 'code of other clients';

export const epic: Vendor = {
  entry: {
    id: 'epic',
    name: 'Epic',
    environments: { sandbox: { fhirEndpoint: 'https://fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4' } },
    defaultEnvironment: 'sandbox',
    defaultScope: '',
    kickOffWindow: { hours: 24 },
    endpointList: 'https://open.epic.com/Endpoints/Brands',
  },
  connect: {
    method: 'private_key_jwt',
    fhirEndpoint: 'https://ehr.example.org/FHIRProxy/api/FHIR/R4',
    level: 'Group',
  },
  facts: [
    {
      fact: 'each organization has its own FHIR endpoint; the published bundle of brands has about 90 MB',
      does: 'allows the hosts of `endpointHosts`, which an operator adds',
      source: 'open.epic.com/Endpoints/Brands, as read by other clients',
      readAt,
    },
    {
      fact: 'the registration of the application decides what a token may read, and a token request has no scope',
      does: 'requests tokens without a scope',
      source: byClients,
      readAt: '2026-11-29',
    },
    {
      fact: 'an export is one of a Group, which the organization makes of a registry',
      does: '`--group` is the id of the Group, with any characters',
      source: 'documentation of SMART Fetch (docs.smarthealthit.org/cumulus/fetch/exporting.html)',
      readAt,
    },
    {
      fact: 'a Group that was exported within 24 hours is refused: "The Client requested this Group too recently"',
      does: 'exports wait until the window is over, and schedules move their next run (`kickOffWindow`)',
      source: byClients,
      readAt: '2026-11-29',
    },
    {
      fact: 'an export of a Group with `_type=Patient` alone is refused (rule 59159)',
      does: 'sends the kick-off again with a further type, and stores Patient',
      source: byClients,
      readAt: '2026-11-29',
    },
    {
      fact: 'bulk data is there since the version of August 2021, and no file can be read before all are ready',
      does: 'waits for the manifest',
      source: 'fhir.epic.com/Documentation?docId=fhir_bulk_data',
      readAt,
    },
  ],
};
