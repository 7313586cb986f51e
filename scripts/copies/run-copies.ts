import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type OwnServer, spawnTethered, startOwnServer, type Tethered } from '@bulkhead/embedded';
import { toResourceDocument } from '@bulkhead/records';
import pg from 'pg';
import { createRandom, type Random } from '../random.ts';
import { createApiClient } from '../system/api-client.ts';
import type { AppProcess } from '../system/app-process.ts';
import { pollUntil } from '../system/poll-until.ts';
import type { DatabaseServer } from '../test-system/database-server.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { type ExportCopy, followExports } from './follow-exports.ts';
import { postgresqlServer } from './postgresql.ts';

/** Enough for two erasures in each round, and an export takes a few seconds. */
const patients = 40;
const copier = new URL('../../examples/postgresql/copy.mjs', import.meta.url).pathname;
/** Half of the kills are of the copier and of the API, which it reads. */
const victims = ['copier', 'copier', 'api', 'api', 'postgresql', 'worker', 'mongodb', 'redis'] as const;
const preload = new URL('short-settling.preload.ts', import.meta.url).pathname;

export interface CopyRound {
  readonly seed: number;
  readonly kills: number;
  readonly erased: number;
  /** The number of exports of the store that were read. */
  readonly exports: number;
  /** The number of versions of one resource that was changed all the time. */
  readonly versions: number;
  /** The number of resources that both copies have in the end. */
  readonly compared: number;
  readonly differences: readonly string[];
}

/**
 * Runs rounds with the copier of `examples/postgresql`, and with a copy by exports of the store. In each one an export runs, patients are
 * erased and resources change all the time, while the copier, PostgreSQL, MongoDB, Redis, the API and the workers are killed at random. In the
 * end both copies are compared with the store.
 *
 * @param options.signal ends the round and what it has started @throws Error if it has ended a round, or if something does not come to an end
 */
export async function* runCopies({
  rounds,
  seed,
  signal,
}: {
  readonly rounds: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): AsyncGenerator<CopyRound> {
  await using starting = new AsyncDisposableStack();
  const postgresql = starting.use(await startOwnServer(postgresqlServer()));
  const clock = { preload, env: {} };
  const system = starting.adopt(await startTestSystem({ patients, hasFastRate: true, clock }), (started) =>
    started.stop(),
  );
  const copy = starting.adopt(await keepRunning({ system, url: postgresql.url }), (program) => program.stop());
  await system.store.prepareResourceTypes([changing.resourceType]);
  for (let index = 0; index < rounds; index++) {
    const random = createRandom(seed + index);
    // A round that fails must not kill servers any longer.
    await using running = new AsyncDisposableStack();
    const disturbance = disturb({ random, system, postgresql, copy });
    running.defer(async () => void (await disturbance.end()));
    const writer = changeAllTheTime(system);
    running.defer(async () => void (await writer.end()));
    const late: string[] = [];
    const exported = followExports({
      system,
      onStart() {
        const { version } = writer;
        return (resources) => {
          const line = resources.get(changingReference);
          const { meta = { versionId: '0' } } = JSON.parse(line ?? '{}') as { readonly meta?: { versionId: string } };
          if (Number(meta.versionId) < version) late.push(`${changingReference} of an export is older than its start`);
        };
      },
    });
    running.defer(() => exported.stop());
    const erased = await changeEverything({ random, system, round: seed + index, signal });
    await untilCopied({ url: postgresql.url, changedBy: new Date(), signal });
    const kills = await disturbance.end();
    const { version: versions } = await writer.end();
    const { compared, differences } = await compareInTheEnd({
      copies: { system, url: postgresql.url, exported: exported.copy },
      signal,
    });
    await exported.stop();
    const { exports } = exported.copy;
    yield { seed: seed + index, kills, erased, exports, versions, compared, differences: [...late, ...differences] };
  }
}

const changing = { resourceType: 'Encounter', id: 'inpatient' };
const changingReference = `${changing.resourceType}/${changing.id}`;

/** Stores one version of a resource after the other until it is ended. */
function changeAllTheTime({ store, connectionId }: TestSystem) {
  let isEnding = false;
  let version = 0;
  const run = async (): Promise<void> => {
    while (!isEnding) {
      const meta = { versionId: `${version + 1}`, lastUpdated: new Date().toISOString() };
      const resource = { ...changing, meta };
      const source = { exportId: 'job_all_the_time', fileId: 'job_all_the_time.1', line: version + 1 };
      const context = { connectionId, source, observedAt: new Date(), now: new Date() };
      const json = Buffer.from(JSON.stringify(resource));
      const document = toResourceDocument({ resource, json, hasExactNumbers: false, context });
      // MongoDB is killed at any time. A version counts once it is known to be stored.
      const isStored = await store.resourceWriter.write(changing.resourceType, [document]).then(
        () => true,
        () => false,
      );
      if (isStored) version += 1;
      await delay(5);
    }
  };
  const running = run();
  return {
    get version() {
      return version;
    },
    async end() {
      isEnding = true;
      await running;
      return { version };
    },
  };
}

interface Copy {
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs the copier, and starts it again whenever it ends, as systemd or Docker do. */
async function keepRunning({ system, url }: { readonly system: TestSystem; readonly url: string }): Promise<Copy> {
  const env = {
    PATH: process.env.PATH,
    BULKHEAD_URL: system.baseUrl,
    BULKHEAD_API_KEY: system.apiKey,
    BULKHEAD_CONNECTION: system.connectionId,
    DATABASE_URL: url,
    POLL_SECONDS: '1',
  };
  const args = ['--conditions=@bulkhead/source', copier];
  let program: Tethered;
  let isStopping = false;
  const start = async (): Promise<void> => {
    program = await spawnTethered({ command: process.execPath, args, env, output: 'ignore' });
    void program.exited.then(async () => {
      await delay(200);
      if (!isStopping) await start();
    });
  };
  await start();
  return {
    kill: () => program.stop({ graceMs: 0 }),
    async stop() {
      isStopping = true;
      await program.stop();
    },
  };
}

/** Kills one after the other until it is ended. @returns how many were killed */
function disturb(options: {
  readonly random: Random;
  readonly system: TestSystem;
  readonly postgresql: OwnServer;
  readonly copy: Copy;
}) {
  const { random, system, postgresql, copy } = options;
  let isEnding = false;
  let kills = 0;
  const run = async (): Promise<void> => {
    while (!isEnding) {
      await delay(random.integer(100, 1500));
      const victim = random.pick(victims);
      kills += 1;
      if (victim === 'copier') await copy.kill();
      if (victim === 'postgresql') {
        await postgresql.kill();
        await postgresql.start();
      }
      if (victim === 'mongodb' || victim === 'redis') await restartServer(system[victim]);
      if (victim === 'api') await restartProcess(system.api);
      if (victim === 'worker') await restartProcess(random.pick(system.workers));
    }
  };
  const running = run();
  return {
    async end(): Promise<number> {
      isEnding = true;
      await running;
      return kills;
    },
  };
}

/** Sends SIGKILL first. */
async function restartServer(server: DatabaseServer): Promise<void> {
  await server.kill();
  await server.restart();
}

/** Sends SIGKILL first. */
async function restartProcess(process: AppProcess): Promise<void> {
  await process.kill();
  await process.start();
}

/** Repeats what fails while a server is being restarted. */
async function persist<Result>(signal: AbortSignal, work: () => Promise<Result | undefined>): Promise<Result> {
  const result = await pollUntil(work, { timeoutMs: 120_000, intervalMs: 100, signal });
  signal.throwIfAborted();
  if (result === undefined) throw new Error(`Nothing came of this within two minutes: ${work}`);
  return result;
}

/** Waits until the copier has stored that it knows everything until a time. */
async function untilCopied({
  url,
  changedBy,
  signal,
}: {
  readonly url: string;
  readonly changedBy: Date;
  readonly signal: AbortSignal;
}): Promise<void> {
  await persist(signal, async () => {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ since: string }>('SELECT since FROM fhir_copies').finally(() => client.end());
    return new Date(rows[0]?.since ?? 0) > changedBy || undefined;
  });
}

/** Exports everything, and erases some patients. @returns how many */
async function changeEverything(options: {
  readonly random: Random;
  readonly system: TestSystem;
  readonly round: number;
  readonly signal: AbortSignal;
}) {
  const { random, system, round, signal } = options;
  const call = createApiClient(system);
  const { connectionId, store } = system;
  const body = { connectionId, exportType: 'Patient' };
  const once = { 'idempotency-key': `round-${round}` };
  const { id } = await persist(signal, () =>
    call<{ id: string }>('POST', '/api/ehr/athenahealth/bulk-export', body, once),
  );
  await persist(signal, async () => (await store.bulkExports.find(id))?.phase === 'completed' || undefined);
  const ids = await persist(signal, () => store.resources.listIds({ connectionId, resourceType: 'Patient' }));
  const erased = random.shuffle(ids).slice(0, random.integer(1, 2));
  for (const patientId of erased) {
    const path = `/api/ehr/connections/${connectionId}/patients/${patientId}`;
    const keepOut = random.chance(0.5);
    await persist(signal, () => call('DELETE', `${path}?keepOut=${keepOut}`));
    await persist(signal, async () => {
      const resources = await store.resources.listOfPatient({ connectionId, patientId, resourceType: 'Patient' });
      return resources.length === 0 || undefined;
    });
  }
  return erased.length;
}

interface Copies {
  readonly system: TestSystem;
  /** Of PostgreSQL. */
  readonly url: string;
  readonly exported: ExportCopy;
}

/** Waits until the copies are right. If one is not after a while, the differences are the result. */
async function compareInTheEnd({ copies, signal }: { readonly copies: Copies; readonly signal: AbortSignal }) {
  let result = await compareAll(copies);
  await pollUntil(
    async () => {
      result = await compareAll(copies);
      return result.compared > 0 && result.differences.length === 0 ? true : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 500, signal },
  );
  return result;
}

async function compareAll({ system, url, exported }: Copies) {
  const copied = await compare({ system, copied: await readCopied(url) });
  const ofExports = await compare({ system, copied: new Map(exported.resources) });
  const named = ofExports.differences.map((difference) => `in the copy by exports ${difference}`);
  return { compared: copied.compared, differences: [...copied.differences, ...named] };
}

async function readCopied(url: string): Promise<Map<string, string>> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client
    .query<{ key: string; json: string }>(`SELECT type || '/' || id AS key, resource::text AS json FROM fhir_resources`)
    .finally(() => client.end());
  return new Map(rows.map(({ key, json }) => [key, json]));
}

async function compare({
  system: { store, connectionId },
  copied,
}: {
  readonly system: TestSystem;
  readonly copied: Map<string, string>;
}) {
  const differences: string[] = [];
  let compared = 0;
  for (const resourceType of await store.resources.listStoredTypes(connectionId)) {
    for await (const chunk of store.resourceSearch.streamNdjson({ connectionId, resourceType })) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const resource = JSON.parse(line) as { readonly id: string };
        const key = `${resourceType}/${resource.id}`;
        const json = copied.get(key);
        if (json === undefined) differences.push(`${key} is missing`);
        else if (!isDeepStrictEqual(JSON.parse(json), resource)) differences.push(`${key} differs`);
        copied.delete(key);
        compared += 1;
      }
    }
  }
  return { compared, differences: [...differences, ...[...copied.keys()].map((key) => `${key} was deleted`)] };
}
