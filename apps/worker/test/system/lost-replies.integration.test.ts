import { type LossyProxy, startLossyProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startSystem } from '../harness/start-system.ts';

/** Shorter than the limit of a deployment. */
const mongodbLimitMs = 1000;
/** Replies are lost one after the other during an export, because an export for each kind would take too long. */
const lostPerExport = 12;
/** How often a kind of command may not occur again after it was seen, such as one that a process sends at its start. */
const maxTries = 2;

async function startProxies() {
  const services = testServices();
  const [worker, api] = [await startLossyProxy(services.mongodbUri), await startLossyProxy(services.mongodbUri)];
  return {
    services,
    worker,
    api,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

function envOf(proxy: LossyProxy): Record<string, string> {
  const url = new URL(proxy.url);
  // Without this the driver connects to the address that the server has in its replica set.
  url.searchParams.set('directConnection', 'true');
  url.searchParams.set('socketTimeoutMS', String(mongodbLimitMs));
  return { MONGODB_URI: url.href };
}

/** The collections of resources are written in the same way. */
const classOf = (kind: string) => kind.replace(/ [A-Z]\w*$/, ' of resources');

/** Chooses kinds of commands whose reply has not been lost yet, one of each class. */
class Plan {
  readonly #proxy: LossyProxy;
  readonly #tries = new Map<string, number>();

  constructor(proxy: LossyProxy) {
    this.#proxy = proxy;
  }

  /** @returns false if every kind has had its turn */
  armNext(): boolean {
    const { armed, kinds, lost } = this.#proxy;
    armed.clear();
    const done = new Set([...lost].map(classOf));
    for (const kind of kinds) {
      const name = classOf(kind);
      if (done.has(name) || this.#triesOf(kind) >= maxTries || armed.size === lostPerExport) continue;
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

test('exports end although MongoDB’s reply to one command of each kind is lost on an open connection, in the API and in a worker', async () => {
  await using lossy = await startProxies();
  const { services, api, worker } = lossy;
  await using system = await startSystem({ services, env: envOf(api) });
  await system.startWorker(envOf(worker));
  const plans = [new Plan(api), new Plan(worker)];
  for (let isArmed = true; isArmed; isArmed = plans.map((plan) => plan.armNext()).includes(true)) {
    const what = [...api.armed, ...worker.armed].join();
    // A request whose own reply is lost fails, and its export may have been started.
    const id = await waitFor(() => system.startExport().catch(() => undefined), { timeoutMs: 90_000, what });
    const { status } = await waitFor(() => system.settled(id).catch(() => undefined), { timeoutMs: 90_000, what });
    expect([status, what]).toEqual(['COMPLETED', what]);
  }
  expect([...worker.lost]).toEqual(expect.arrayContaining(['find erasure_epochs', 'find bulk_exports']));
  expect(api.lost.size).toBeGreaterThan(0);
}, 600_000);
