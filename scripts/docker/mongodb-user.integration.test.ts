import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServices } from '@bulkhead/embedded';
import { programOf, runApp, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { runMainJob } from '../start/main-job.ts';
import { createApiClient } from '../system/api-client.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { expectOnlyItsDatabase } from './expect-only-its-database.fixture.ts';
import { runUserScript } from './run-user-script.fixture.ts';

/** These servers have a user `bulkhead` with all rights. */
const name = 'restricted';

/** Starts servers with passwords, and creates a user with the roles of the user of compose. @returns its URI */
async function startWithUser(dataDir: string) {
  // Servers of the test run have no users.
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...env } = process.env;
  const services = await startServices({ dataDir, report: () => undefined, env });
  await using client = await MongoClient.connect(services.mongodb.url);
  for (const { database, user } of runUserScript('secret')) {
    const { pwd, roles } = user;
    await client.db(database).command({ createUser: name, pwd, roles });
  }
  const uri = new URL(services.mongodb.url);
  [uri.username, uri.password] = [name, 'secret'];
  return { services, mongodbUri: uri.href };
}

test('migrate, an export, an erasure and a purge work with only the role readWrite', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-user-'));
  await using stack = new AsyncDisposableStack();
  const { services, mongodbUri } = await startWithUser(folder.path);
  stack.defer(() => services.stop());
  await expectOnlyItsDatabase(mongodbUri);
  const redisUrl = services.redis.url;
  const system = await startTestSystem({
    patients: 5,
    workerCount: 1,
    hasFastRate: true,
    services: { redisUrl, mongodbUri, prefix: '{user}' },
  });
  stack.defer(() => system.stop());
  const env = { REDIS_URL: redisUrl, MONGODB_URI: mongodbUri, BULKHEAD_ENCRYPTION_KEY: system.encryptionKey };
  const run = (program: string, ...args: string[]) => runApp({ program: programOf('api', program), env, args });
  expect(await run('migrate', '--rederive-keys')).toMatchObject({ code: 0 });

  const { connectionId, store } = system;
  const api = createApiClient(system);
  const { reason, stored } = await runMainJob({ api, connectionId, since: undefined, progress: () => undefined });
  expect([reason, stored > 0]).toEqual([undefined, true]);
  const [patientId] = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
  const patients = () => store.resources.listIds({ connectionId, resourceType: 'Patient' });
  const path = `/api/ehr/connections/${connectionId}`;
  await api('DELETE', `${path}/patients/${patientId}?keepOut=false`);
  await waitFor(async () => !(await patients()).includes(String(patientId)), { what: 'the erasure' });
  await api('DELETE', `${path}?data=purge`);
  await waitFor(async () => (await patients()).length === 0, { what: 'the purge' });
});
