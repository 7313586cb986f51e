import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderSettings } from '@bulkhead/providers';
import { unlimitedAthenahealth } from '@bulkhead/providers/testing';

/** Requests in two seconds: ten times the limit of athenahealth, for tests that are not about the rate. */
export const fastLimit = 160;

/** Writes a providers file in which athenahealth has the fast limit and no wait at the start. */
export async function writeFastProvider(fhirEndpoint: string, settings?: ProviderSettings) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-provider-'));
  const path = join(folder.path, 'providers.json');
  const rateLimit = { limit: fastLimit, windowMs: 2000, perDay: 100_000, coldStart: 'go' };
  await writeFile(path, JSON.stringify([{ ...unlimitedAthenahealth(fhirEndpoint, settings), rateLimit }]));
  return { path, remove: () => folder.remove() };
}
