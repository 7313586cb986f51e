import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepReport } from '@bulkhead/embedded';
import { startTestSystem, type TestSystem } from '../../test-system/start-test-system.ts';

/** The provider's id in the API's routes. */
export const provider = 'hapi';

/** The environment of the file server with the published examples. */
export const examplesEnvironment = 'examples';

/** So small that the searches of one patient have several pages, also with generated data. */
const searchPageSize = 5;

/**
 * Starts a system of real processes (API, two workers, Redis, MongoDB) that has the server as a provider. Its simulated
 * athenahealth is used only for generated data.
 */
export function startInteropSystem(options: {
  readonly folder: string;
  readonly fhirUrl: string;
  /** The address of the published examples' file server. */
  readonly examplesUrl: string;
  /** The number of patients in the generated data. */
  readonly patients: number;
  readonly report: (step: StepReport) => void;
}): Promise<TestSystem> {
  const { folder, fhirUrl, examplesUrl, patients, report } = options;
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
  };
  writeFileSync(providersFile, JSON.stringify([entry]));
  const env = { BULKHEAD_PROVIDERS_FILE: providersFile, WORKER_DOCUMENTS: 'on' };
  return startTestSystem({ folder, patients, seed: 1, report, env });
}
