import { testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSentinels } from '../harness/start-sentinels.ts';
import { startSystem } from '../harness/start-system.ts';

const failovers = 3;

test('exports complete although the primary is killed again and again, and no request is above the limit', async () => {
  await using sentinels = await startSentinels();
  await using system = await startSystem({
    services: testServices(),
    env: { REDIS_URL: sentinels.url, WORKER_LOCK_MS: '4000' },
    simulator: { patients: 2 },
    hasWorker: true,
    athenahealthRate: true,
  });
  const start = () =>
    // The API refuses a start without Redis, and then nothing was stored.
    waitFor(() => system.startExport().catch((e: Error) => void console.error(Date.now(), e.message.slice(0, 160))), { timeoutMs: 60_000, what: 'a start' });
  const ids = [await start()];
  for (let failover = 0; failover < failovers; failover++) {
    const lost = sentinels.failOver();
    await system.settled(ids.at(-1) as string);
    ids.push(await start());
    await lost;
  }
  for (const id of ids) expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', partial: false });
  expect(await system.violations()).toMatchObject({ total: 0 });
}, 300_000);
