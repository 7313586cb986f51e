import { startRunningExports } from '@bulkhead/imports/export/testing';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { createPauseReader } from '../commands/index.ts';

test('an export that waits because of the pause of another one shows the pause and its end', async () => {
  await using system = await startRunningExports({
    kickOffWaitMs: 100,
    createPauseReader: ({ deps, registry, redis, prefix }) =>
      createPauseReader({ find: (id) => deps.store.connections.find(id), registry, reader: { redis, prefix } }),
  });
  const start = (resourceTypes: readonly string[]) => system.startExport({ resourceTypes });
  await system.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'status', status: 429, retryAfter: '300' });
  const throttled = await start(['Patient']);
  await waitFor(async () => (await system.readView(throttled)).retrying?.code === 'ehr-throttled');
  const delayed = await start(['Condition']);
  const activity = await waitFor(async () => {
    const { activity: shown } = await system.readView(delayed);
    return shown?.message.includes('429') ? shown : undefined;
  });
  expect(activity.message).toMatch(
    /^The EHR returned "429 Too Many Requests", so no request of this connection is sent/,
  );
  expect(Date.parse(activity.until ?? '')).toBeGreaterThan(Date.now() + 200_000);
});
