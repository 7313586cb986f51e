import { type LossyProxy, startLossyProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

/** Shorter than the limits of a deployment, but longer than the ten seconds for which a command of a queue waits for a job. */
const redisLimitMs = 12_000;
const mongodbLimitMs = 1000;
/** Replies of MongoDB are lost one after the other during an export, because an export for each kind would take too long. */
const lostPerExport = 12;
/** How often a kind of command may not occur again after it was seen, such as one that a process sends at its start. */
const maxTries = 2;

async function startProxies() {
  const services = testServices();
  const { mongodbUri, redisUrl } = services;
  const proxies = await Promise.all([mongodbUri, redisUrl, mongodbUri, redisUrl].map(startLossyProxy));
  const [workerMongodb, workerRedis, apiMongodb, apiRedis] = proxies as [
    LossyProxy,
    LossyProxy,
    LossyProxy,
    LossyProxy,
  ];
  const envOf = (mongodb: LossyProxy, redis: LossyProxy) => ({
    // Without this the driver connects to the address that the server has in its replica set.
    MONGODB_URI: withParameters(mongodb.url, { directConnection: true, socketTimeoutMS: mongodbLimitMs }),
    REDIS_URL: withParameters(redis.url, { socketTimeout: redisLimitMs }),
  });
  return {
    ...{ services, proxies, workerEnv: envOf(workerMongodb, workerRedis), apiEnv: envOf(apiMongodb, apiRedis) },
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    },
  };
}

function withParameters(address: string, parameters: Readonly<Record<string, unknown>>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.href;
}

/** The collections of resources are written in the same way. */
const classOf = (kind: string) => kind.replace(/ [A-Z]\w*$/, ' of resources');

/** Chooses kinds of commands whose reply has not been lost yet, one of each class. */
class Plan {
  readonly #proxy: LossyProxy;
  readonly #tries = new Map<string, number>();
  readonly #perExport: number;

  constructor(proxy: LossyProxy) {
    this.#proxy = proxy;
    this.#perExport = proxy.url.startsWith('mongodb') ? lostPerExport : 1;
  }

  /** @returns false if every kind has had its turn */
  armNext(): boolean {
    const { armed, kinds, lost } = this.#proxy;
    armed.clear();
    const done = new Set([...lost].map(classOf));
    for (const kind of kinds) {
      const name = classOf(kind);
      if (done.has(name) || this.#triesOf(kind) >= maxTries || armed.size === this.#perExport) continue;
      this.#tries.set(name, this.#triesOf(kind) + 1);
      done.add(name);
      armed.add(kind);
    }
    return armed.size > 0;
  }

  #triesOf(kind: string): number {
    return this.#tries.get(classOf(kind)) ?? 0;
  }
}

test('exports end although the reply of one command of each kind is lost on an open connection, in every process', async () => {
  await using lossy = await startProxies();
  const { services, apiEnv, workerEnv, proxies } = lossy;
  await using system = await startSystem({ services, env: apiEnv });
  const worker = await system.startWorker(workerEnv);
  const plans = proxies.map((proxy) => new Plan(proxy));
  for (let isArmed = true; isArmed; isArmed = plans.map((plan) => plan.armNext()).includes(true)) {
    const armed = proxies.map((proxy) => [...proxy.armed].join()).join(' | ');
    // A request whose own reply is lost fails, and its export may have been started.
    const id = await waitFor(() => system.startExport().catch(() => undefined), { timeoutMs: 90_000, what: armed });
    const { status } = await waitFor(() => system.settled(id).catch(() => undefined), {
      timeoutMs: 90_000,
      what: armed,
    });
    expect([status, armed]).toEqual(['COMPLETED', armed]);
  }
  const [workerMongodb, workerRedis, apiMongodb, apiRedis] = proxies.map(({ lost }) => [...lost].map(classOf));
  expect(workerMongodb).toEqual(
    expect.arrayContaining(['find erasure_epochs', 'find bulk_exports', 'update output_files', 'insert of resources']),
  );
  expect([workerRedis?.length, apiMongodb?.length, apiRedis?.length].every((count) => (count ?? 0) > 0)).toBe(true);
  await worker.stop();
}, 900_000);
