import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

test('an export that waits because of the pause of another one shows the pause and its end', async () => {
  await using system = await startSystem({ hasWorker: true, kickOffWaitMs: 100 });
  const exports = '/api/ehr/athenahealth/bulk-export';
  const start = async (resourceTypes: readonly string[]): Promise<string> => {
    const answer = await system.request('POST', exports, { connectionId: system.connectionId, resourceTypes });
    return answer.body.data.id;
  };
  await system.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'status', status: 429, retryAfter: '300' });
  const throttled = await start(['Patient']);
  await system.until(`${exports}/${throttled}`, ({ retrying }) => retrying?.code === 'ehr-throttled');
  const delayed = await start(['Condition']);
  const isPaused = ({ activity }: { activity?: { message: string } }) => activity?.message.includes('429');
  const { activity } = await system.until(`${exports}/${delayed}`, isPaused);
  expect(activity.message).toMatch(
    /^The EHR answered "429 Too Many Requests", so no request of this connection is sent/,
  );
  expect(Date.parse(activity.until)).toBeGreaterThan(Date.now() + 200_000);
}, 60_000);
