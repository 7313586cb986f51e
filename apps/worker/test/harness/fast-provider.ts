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
  await writeFile(
    path,
    JSON.stringify([{ ...unlimitedAthenahealth(fhirEndpoint, settings), rateLimit: fastRateLimit }]),
  );
  return { path, remove: () => folder.remove() };
}
