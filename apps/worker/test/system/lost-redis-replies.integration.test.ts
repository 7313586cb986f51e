import { type LossyProxy, startLossyProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

/** Shorter than the limits of a deployment. Workers then also reconnect while they wait for jobs, which loses nothing. */
const redisLimitMs = 1000;
/** A job whose start was lost with a reply is started again when its lock has ended. */
const lockMs = 4000;

function envOf(proxy: LossyProxy): Record<string, string> {
  const url = new URL(proxy.url);
  url.searchParams.set('socketTimeout', String(redisLimitMs));
  return { REDIS_URL: url.href, WORKER_LOCK_MS: String(lockMs) };
}

test('exports end although Redis’ reply to one command of each kind is lost on an open connection, in the API and in a worker', async () => {
  const services = testServices();
  await using api = await startLossyProxy(services.redisUrl);
  await using worker = await startLossyProxy(services.redisUrl);
  await using system = await startSystem({ services, env: envOf(api) });
  await system.startWorker(envOf(worker));
  const runExport = async (what: string) => {
    // A request whose own reply is lost fails, and its export may have been started.
    const id = await waitFor(() => system.startExport().catch(() => undefined), { timeoutMs: 90_000, what });
    const { status } = await waitFor(() => system.settled(id).catch(() => undefined), { timeoutMs: 90_000, what });
    expect([status, what]).toEqual(['COMPLETED', what]);
  };
  await runExport('no reply is lost');
  for (const [name, proxy] of [['api', api] as const, ['worker', worker] as const])
    for (const kind of proxy.kinds) {
      proxy.armed.clear();
      proxy.armed.add(kind);
      await runExport(`${name} ${kind}`);
    }
  expect([...worker.lost]).toEqual(expect.arrayContaining(['evalsha', 'exec', 'bzpopmin']));
  expect([...api.lost]).toEqual(expect.arrayContaining(['evalsha', 'hmget']));
}, 600_000);
