import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastRateLimit } from '@bulkhead/connections/testing';
import type { ProviderSettings } from '@bulkhead/providers';
import { unlimitedAthenahealth } from '@bulkhead/providers/testing';

/** Writes a providers file in which athenahealth has the fast limit and no wait at the start. */
export async function writeFastProvider(fhirEndpoint: string, settings?: ProviderSettings) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-provider-'));
  const path = join(folder.path, 'providers.json');
  const { environments, ...athenahealth } = unlimitedAthenahealth(fhirEndpoint, settings);
  // The file changes the built-in entry, and null removes a fact of it.
  const production = { ...environments.production, maxActiveExports: null };
  const changed = { ...athenahealth, environments: { ...environments, production }, rateLimit: fastRateLimit };
  await writeFile(path, JSON.stringify([changed]));
  return { path, remove: () => folder.remove() };
}
