import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The provider's id in the API's routes. */
export const provider = 'hapi';

/** The environment of the file server with the published examples. */
export const examplesEnvironment = 'examples';

/** So small that the searches of one patient have several pages, also with generated data. */
const searchPageSize = 5;

/** So few that a small cohort is exported in parts. */
export const patientsPerRequest = 2;

/**
 * The environment of a system that has the server as a provider.
 * @param options.examplesUrl the address of the published examples' file server
 */
export function providerEnv(options: {
  readonly folder: string;
  readonly fhirUrl: string;
  readonly examplesUrl: string;
}): Readonly<Record<string, string>> {
  const { folder, fhirUrl, examplesUrl } = options;
  const providersFile = join(folder, 'providers.json');
  const entry = {
    id: provider,
    name: 'HAPI FHIR',
    environments: {
      main: { fhirEndpoint: fhirUrl },
      [examplesEnvironment]: { fhirEndpoint: examplesUrl },
    },
    defaultEnvironment: 'main',
    search: { pageSize: searchPageSize },
    // Its CapabilityStatement has no version of FHIR Bulk Data.
    kickOff: { parameters: ['patient'], patientsPerRequest },
  };
  writeFileSync(providersFile, JSON.stringify([entry]));
  return { BULKHEAD_PROVIDERS_FILE: providersFile, WORKER_DOCUMENTS: 'on' };
}
