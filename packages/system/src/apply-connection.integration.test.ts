import { randomBytes } from 'node:crypto';
import { createProviderRegistry } from '@bulkhead/ehr/providers';
import { connectRedis, disconnectRedis, Producer } from '@bulkhead/queues';
import { withMethods } from '@bulkhead/store/testing';
import { testServices } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DesiredConnection, desiredConnectionSchema } from './apply-connection.schema.ts';
import { ApplyConnectionService } from './apply-connection.service.ts';
import { createServices } from './create-services.ts';
import { createStore } from './create-store.ts';

const { redisUrl, mongodbUri, prefix } = testServices();
const store = createStore({ uri: mongodbUri, encryptionKey: randomBytes(32) });
await store.connect();
await store.migrate();
const onError = (error: Error) => {
  throw error;
};
const redis = connectRedis({ url: redisUrl, waiting: false, onError });
const producer = new Producer({ redis, prefix, onError });
const serviceOptions = {
  store,
  producer,
  registry: createProviderRegistry({}),
  redis,
  prefix,
  version: 'test',
  configuration: { exposed: [], encryptionKeySource: 'plain' },
};
const services = createServices(serviceOptions);
const { applyConnection } = services;
afterAll(async () => {
  await Promise.all([producer.close(), disconnectRedis(redis)]);
  await store.close();
});

const entryOf = (change: object = {}): DesiredConnection =>
  desiredConnectionSchema.parse({
    name: 'Practice',
    provider: 'athenahealth',
    force: true,
    auth: { method: 'client_credentials', clientId: 'client', clientSecret: 'secret' },
    ...change,
  });

async function planOf(desired: DesiredConnection) {
  const [plan] = await applyConnection.plan([desired]);
  if (!plan) throw new Error('no plan');
  return plan;
}

async function applyTo(desired: DesiredConnection, by = applyConnection) {
  const { version } = await planOf(desired);
  return by.apply({ desired, version });
}

/** What is stored of a connection, without ids and times. */
async function stateOf(name: string) {
  const [connection] = await store.connections.listNamed([name]);
  if (!connection) return undefined;
  const { id, origins = [], webhookUrl } = connection;
  const { auth } = (await store.connections.findWithSecrets(id)) ?? {};
  const schedules = await store.schedules.list({ connectionId: id, scope: 'all' });
  const cohorts = await store.cohorts.list(id);
  return {
    auth,
    origins,
    webhookUrl,
    webhookSecret: await store.connections.findWebhookSecret(id),
    schedules: schedules
      .map(({ kind, request, cron, paused }) => JSON.stringify([kind, request, cron, paused]))
      .toSorted(),
    cohorts: Object.fromEntries(
      await Promise.all(
        cohorts.map(async ({ name: cohort }) => {
          const { patients } = (await store.cohorts.find({ connectionId: id, name: cohort })) ?? {};
          return [cohort, { patients }] as const;
        }),
      ),
    ),
  };
}

/** An apply whose process ends after some of its changes. */
function killedAfter(steps: number): ApplyConnectionService {
  let left = steps;
  const limited = <Service extends object>(service: Service): Service =>
    new Proxy(service, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (['create', 'change', 'changeCredentials', 'changeOrigins', 'set'].includes(String(name)) && left-- <= 0)
            throw new Error('killed');
          return member.apply(target, args);
        };
      },
    });
  return new ApplyConnectionService({
    store,
    connections: limited(services.connections),
    schedules: limited(services.schedules),
    cohorts: limited(services.cohorts),
    webhooks: limited(services.webhooks),
  });
}

const secretOf = (letter: string) => `whsec_${letter.repeat(43)}=`;
const scheduleArbitrary = fc.record({
  kind: fc.constantFrom('export', 'sync'),
  cron: fc.constantFrom('0 2 * * *', '0 3 * * *', '30 1 * * 0'),
  timeZone: fc.constant('UTC'),
  paused: fc.boolean(),
});
const changeArbitrary = fc.record(
  {
    auth: fc.record({
      method: fc.constant('client_credentials'),
      clientId: fc.constantFrom('client-1', 'client-2'),
      clientSecret: fc.constantFrom('secret-1', 'secret-2'),
    }),
    origins: fc.subarray(['https://files.example', 'https://pages.example']),
    webhook: fc.record({
      url: fc.constantFrom('https://a.example/hook', 'https://b.example/hook'),
      secret: fc.constantFrom(secretOf('a'), secretOf('b')),
    }),
    cohorts: fc.dictionary(
      fc.constantFrom('c1', 'c2'),
      fc.record({ patients: fc.constantFrom(['p1'], ['p2'], ['p1', 'p2']) }),
      { noNullPrototype: true },
    ),
    schedules: fc.array(scheduleArbitrary, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

let run = 0;

test('an apply that is killed at any change and then repeated ends like one that was not, and changes nothing more', async () => {
  const property = fc.asyncProperty(changeArbitrary, changeArbitrary, fc.nat(6), async (before, after, steps) => {
    run++;
    const [whole, killed] = [`whole ${run}`, `killed ${run}`];
    for (const name of [whole, killed]) await applyTo(entryOf({ ...before, name }));
    await applyTo(entryOf({ ...after, name: whole }));
    const desired = entryOf({ ...after, name: killed });
    await applyTo(desired, killedAfter(steps)).catch(({ message }) => expect(message).toBe('killed'));
    await applyTo(desired);
    const state = await stateOf(killed);
    expect(state).toEqual(await stateOf(whole));
    const { auth, origins, cohorts, webhook } = after;
    expect(state).toMatchObject({
      ...(auth && { auth }),
      ...(origins && { origins }),
      ...(cohorts && { cohorts }),
      ...(webhook && { webhookUrl: webhook.url, webhookSecret: webhook.secret }),
    });
    expect(await planOf(desired)).toMatchObject({ changes: [], faults: [] });
    expect((await applyTo(desired)).changes).toEqual([]);
  });
  await fc.assert(property, { numRuns: 40 });
});

test('a creation that is killed is continued by the next apply', async () => {
  const desired = entryOf({
    name: 'Killed at once',
    webhook: { url: 'https://a.example/hook', secret: secretOf('a') },
    cohorts: { diabetes: { patients: ['p1'] } },
    schedules: [{ kind: 'export', request: { cohort: 'diabetes' }, cron: '0 2 * * *', timeZone: 'UTC' }],
  });
  const all = ['create', 'webhook', 'cohort diabetes', 'new schedule export 0 2 * * * UTC'];
  expect((await planOf(desired)).changes).toEqual(all);
  for (const steps of [1, 1, 1]) await expect(applyTo(desired, killedAfter(steps))).rejects.toThrow('killed');
  expect((await applyTo(desired)).changes).toEqual(all.slice(3));
});

test('a plan compares again if another apply creates the same connection while it reads, and does not advise force', async () => {
  const desired = entryOf({ name: 'Created meanwhile', practiceId: '4711', force: false });
  let isCreated = false;
  const connections = withMethods(store.connections, {
    listNamed: async (names: readonly string[]) => {
      const found = await store.connections.listNamed(names);
      if (!isCreated) {
        isCreated = true;
        await applyTo(desired);
      }
      return found;
    },
  });
  const racing = createServices({ ...serviceOptions, store: { ...store, connections } });
  const [plan] = await racing.applyConnection.plan([desired]);
  expect(plan).toMatchObject({ changes: [], faults: [] });
  expect(plan?.id).toMatch(/^conn_/);
});

test('of two applies at once one makes the changes, and the other is refused', async () => {
  for (const change of [{}, { auth: { method: 'none' } }]) {
    const desired = entryOf({
      ...change,
      name: 'At once',
      schedules: [{ kind: 'sync', cron: '0 2 * * *', timeZone: 'UTC' }],
    });
    const { version } = await planOf(desired);
    const results = await Promise.allSettled([1, 2, 3].map(() => applyConnection.apply({ desired, version })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.code).toBe('connection-changed-meanwhile');
    expect((await stateOf('At once'))?.schedules).toHaveLength(1);
  }
});

test('an apply of a plan that another apply or an operator has overtaken changes nothing', async () => {
  const desired = entryOf({ name: 'Overtaken', schedules: [] });
  const { id } = await applyTo(desired);
  const later = entryOf({ name: 'Overtaken', origins: ['https://files.example'] });
  const { version } = await planOf(later);
  await services.schedules.create({
    scope: 'all',
    body: {
      connectionId: id,
      kind: 'sync',
      cron: '0 2 * * *',
      timeZone: 'UTC',
      request: {},
      spread: true,
      paused: false,
    },
  });
  await expect(applyConnection.apply({ desired: later, version })).rejects.toMatchObject({
    code: 'connection-changed-meanwhile',
  });
  expect((await stateOf('Overtaken'))?.origins).toEqual([]);
  expect((await planOf(later)).changes).toEqual(['origins']);
});

test('an apply that another one overtakes before it has the lease changes nothing', async () => {
  const { id } = await applyTo(entryOf({ name: 'Late', schedules: [] }));
  const [first, second] = ['https://a.example', 'https://b.example'].map((origin) =>
    entryOf({ name: 'Late', origins: [origin] }),
  );
  const { leases } = store.connections;
  const late = {
    ...leases,
    take: async (...args: Parameters<typeof leases.take>) => {
      await applyTo(first as DesiredConnection);
      return leases.take(...args);
    },
  };
  const connections = new Proxy(store.connections, {
    get: (target, name) => (name === 'leases' ? late : Reflect.get(target, name)),
  });
  const overtaken = new ApplyConnectionService({ ...services, store: { ...store, connections } });
  await expect(applyTo(second as DesiredConnection, overtaken)).rejects.toMatchObject({
    code: 'connection-changed-meanwhile',
  });
  expect(await store.connections.find(id)).toMatchObject({ origins: ['https://a.example'] });
});
