import { startSentinels } from '@bulkhead/queues/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

/** Of an ordinary run. `SENTINEL_FAILOVERS=10` loses as many as the acceptance of Sentinels needs. */
const losses = Array.from({ length: Number(process.env.SENTINEL_FAILOVERS ?? 4) }, (_, index) =>
  index % 2 === 0 ? 'killed' : 'frozen',
);

test('exports complete although the primary is lost again and again, and no request is above the limit', async () => {
  await using sentinels = await startSentinels();
  await using system = await startSystem({
    services: testServices(),
    env: { REDIS_URL: sentinels.url, WORKER_LOCK_MS: '4000' },
    simulator: { patients: 2 },
    hasWorker: true,
    athenahealthRate: true,
  });
  // The API refuses a start without Redis, and then nothing was stored.
  const start = () =>
    waitFor(() => system.startExport().catch(() => undefined), { timeoutMs: 60_000, what: 'a start' });
  const ids = [await start()];
  for (const loss of losses) {
    const lost = sentinels.failOver(loss);
    await system.settled(ids.at(-1) as string);
    ids.push(await start());
    await lost;
  }
  for (const id of ids) expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', partial: false });
  expect(await system.violations()).toMatchObject({ total: 0 });
}, 600_000);
