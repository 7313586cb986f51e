import { answerOf, type components } from '@bulkhead/client';
import type { Context } from './context.ts';

type Connection = components['schemas']['Connection'];
type ConnectionTest = components['schemas']['ConnectionTest'];

/** A test that looks for the scopes of the application ends after 20 minutes at the latest, and a worker may have to take its job first. */
const testTimeoutMs = 22 * 60_000;
const testPollMs = 2000;

/**
 * Has a connection tested, and waits for the result.
 * @param onProgress told how far a search for scopes is
 * @returns undefined if the test has not ended in time
 */
export async function testConnection(
  api: Context['api'],
  id: string,
  onProgress: (text: string) => void = () => undefined,
): Promise<ConnectionTest | undefined> {
  const params = { path: { id } };
  const read = async () => answerOf(await api.GET('/api/ehr/connections/{id}', { params })).data;
  const before = (await read()).lastTest?.endedAt;
  const { data } = answerOf(await api.POST('/api/ehr/connections/{id}/test', { params }));
  if ('steps' in data) return data;
  const until = Date.now() + testTimeoutMs;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, testPollMs));
    const { lastTest, scopeSearch } = await read();
    if (lastTest && lastTest.endedAt !== before) return lastTest;
    if (scopeSearch && scopeSearch.endedAt === undefined) onProgress(progressOf(scopeSearch));
  }
  return undefined;
}

function progressOf({ requested, granted, refused }: NonNullable<Connection['scopeSearch']>): string {
  const tried = granted.length + refused.length;
  return `The EHR refuses the ${requested.length} scopes together, so each is requested by itself: ${tried} tried, ${granted.length} granted. The EHR limits new tokens, so this takes minutes.`;
}
