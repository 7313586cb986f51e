import { fastRateLimit } from '@bulkhead/connections/testing';
import { simulatorAuth, unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { createEhrSimulator } from '@bulkhead/ehr-simulator';
import { openDatabase } from '@bulkhead/store/testing';
import { redisServer, startOwnServer, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

const healthy = 4;
const daysMs = 5 * 24 * 3_600_000;

test('after a night with a revoked practice, a dead server and the loss of Redis, the list of those behind names these two', async () => {
  const dying = createEhrSimulator({ patients: 1, exportSeconds: 0.2, retryAfterSeconds: 0 });
  await dying.start();
  await using redis = await startOwnServer(redisServer);
  const services = { ...testServices(), redisUrl: redis.url };
  const { environments } = unlimitedAthenahealth(dying.fhirEndpoint);
  const provider = { id: 'athenahealth', rateLimit: fastRateLimit, environments: { preview: environments.production } };
  const env = { BULKHEAD_PROVIDERS: JSON.stringify([provider]) };
  await using system = await startSystem({ services, env, hasWorker: true, simulator: { patients: 1 } });
  const { connect, request, settled, startExport } = system;
  const [revoked, dead] = [await connect(), await connect({ environment: 'preview' })];
  const ids = [revoked, dead];
  for (let index = 0; index < healthy; index++) ids.push(await connect());
  for (const connectionId of ids) {
    const timing = { cron: '0 2 * * *', timeZone: 'UTC', spread: false };
    expect((await request('POST', '/api/ehr/schedules', { connectionId, kind: 'export', ...timing })).status).toBe(201);
    expect(await settled(await startExport({ connectionId }))).toMatchObject({ status: 'COMPLETED' });
  }
  const auth = { ...simulatorAuth, clientSecret: 'no longer right' };
  expect((await request('PUT', `/api/ehr/connections/${revoked}/credentials`, { auth })).status).toBe(200);
  await dying.stop();
  // Other connections of the system have no schedule.
  await makeOlder(system.env.MONGODB_URI as string);

  await redis.kill();
  await redis.start();
  const behind = async () => {
    await request('GET', '/api/ehr/health-report?fresh=true');
    const { data } = (await request('GET', '/api/ehr/connections?problem=lag')).body;
    return data.map(({ id }: { readonly id: string }) => id).toSorted();
  };
  await waitFor(async () => (await behind()).length <= 2, { timeoutMs: 120_000, what: 'the others to catch up' });
  expect(await behind()).toEqual([revoked, dead].toSorted());
}, 300_000);

/** As if nothing had run for five days. The overdue runs of the schedules begin. */
async function makeOlder(uri: string): Promise<void> {
  await using database = await openDatabase(uri);
  for (const name of ['bulk_exports', 'watermarks', 'schedules'])
    for (const { _id, ...fields } of await database.db.collection(name).find().toArray()) {
      const older = Object.entries(fields).map(([field, value]) => [
        field,
        isInstant(value) ? olderThan(value) : value,
      ]);
      await database.db.collection(name).updateOne({ _id }, { $set: Object.fromEntries(older) });
    }
}

/** Transaction times are texts. */
function isInstant(value: unknown): value is Date | string {
  return value instanceof Date || (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value));
}

function olderThan(value: Date | string): Date | string {
  const older = new Date(new Date(value).getTime() - daysMs);
  return typeof value === 'string' ? older.toISOString() : older;
}
