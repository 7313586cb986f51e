import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServices } from '@bulkhead/embedded';
import { mongodbCommand, mongodbMessages } from '@bulkhead/embedded/mongodb-messages';
import { startTcpProxy } from '@bulkhead/embedded/tcp-proxy';
import { sweepJob } from '@bulkhead/monitoring/jobs';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { cpuSeconds } from '../bench/systems/process-use.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import type { AppProcess } from '../system/app-process.ts';
import { pollUntil } from '../system/poll-until.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { type Act, createActs, runJob } from './acts.ts';
import { multiply, plantObservations, plantSync } from './multiply.ts';

const practiceId = '195900';
const turns = 4;
const observationsEach = 50;
const stepsEach = 35;
/** Empty queues are asked every ten seconds, and no clock of the API is slower. */
const idleMs = 10_000;
const idleTurns = 2;

/** What one look costs. */
export interface Cost {
  /** Of MongoDB, such as `find schedules`. */
  readonly commands: readonly string[];
  /** What MongoDB has answered. */
  readonly bytes: number;
  /** The CPU time of the API. */
  readonly cpuMs: number;
  readonly ms: number;
}

export interface Look {
  readonly name: string;
  /** A worker works for it, or it is measured once: then some commands are those of clocks. */
  readonly meetsClocks: boolean;
  /** With one connection, and with the fleet. */
  readonly one: Cost;
  readonly fleet: Cost;
}

export interface FleetResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly looks: readonly Look[];
  /** How many connections `connections list --behind` shows. */
  readonly behind: number;
  /** How many commands Redis gets in a second in which there is no work, with those that scripts call. */
  readonly idleRedis: { readonly one: number; readonly fleet: number };
  /** How many warnings about schedules a worker logs after a loss of Redis. */
  readonly lostRedis: { readonly one: number; readonly fleet: number };
}

/** Lets one practice be imported, copies its records for all others, and measures what each look costs before and after. */
export async function runFleet(options: {
  readonly connections: number;
  readonly exportsEach: number;
  /** How many of the connections are behind. */
  readonly behind: number;
  readonly report: (text: string) => void;
}): Promise<FleetResult> {
  const { connections, exportsEach, behind, report } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-fleet-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const { REDIS_URL: _redis, MONGODB_URI: _mongodb, ...env } = process.env;
  const services = await startServices({ dataDir: folder, report: () => undefined, env });
  stack.defer(() => services.stop());
  const proxy = await startCountingProxy(services.mongodb.url);
  stack.defer(proxy.close);
  const urls = { redisUrl: services.redis.url, mongodbUri: proxy.url, prefix: '{fleet}' };
  // As in a deployment, but for the sweeps: only those that are measured.
  const timing = { WORKER_SWEEP_INTERVAL_MS: '3600000', WORKER_LOCK_MS: '60000', WORKER_POLL_INTERVAL_MS: '30000' };
  const system = await startTestSystem({
    patients: 2,
    services: urls,
    hasFastRate: true,
    workerCount: 1,
    env: timing,
  });
  stack.defer(() => system.stop());
  const redis = new Redis(services.redis.url);
  stack.defer(() => redis.disconnect());
  const client = new MongoClient(services.mongodb.url);
  stack.defer(() => client.close());
  const database = client.db();
  const api = createApiClient(system);
  const { connectionId } = system;
  const code = await importPractice(system);
  const measureAll = async (steps: number) => {
    await renewHealthReport(api);
    const syncId = await plantSync({ database, connectionId, steps });
    const costs: [Act, Cost][] = [];
    for (const act of createActs({ system, redis, syncId, code }))
      costs.push([act, await measure({ system, act, take: proxy.take })]);
    return { costs, idle: await measureIdle(redis), lost: await loseRedis({ redis, system }) };
  };
  report('one practice is imported');
  const one = await measureAll(2);
  const counts = await multiply({ database, connectionId, practiceId, connections, exportsEach, behind });
  await plantObservations({ database, connectionId, count: connections * observationsEach });
  report(`${connections} practices: ${JSON.stringify(counts)}`);
  const fleet = await measureAll(connections * stepsEach);
  const listed = await api<unknown[]>('GET', '/api/ehr/connections?problem=lag');
  const costsOfOne = new Map(one.costs.map(([{ name }, cost]) => [name, cost]));
  return {
    counts,
    behind: listed.length,
    looks: fleet.costs.map(([{ name, by, isOnce = false }, cost]) => ({
      name,
      meetsClocks: by === 'worker' || isOnce,
      one: costsOfOne.get(name) as Cost,
      fleet: cost,
    })),
    idleRedis: { one: one.idle, fleet: fleet.idle },
    lostRedis: { one: one.lost, fleet: fleet.lost },
  };
}

/** Lets the practice be exported and synced. @returns the code of an Observation, as `system|code` */
async function importPractice({ baseUrl, apiKey, connectionId }: TestSystem): Promise<string> {
  const api = createApiClient({ baseUrl, apiKey });
  const cron = { cron: '0 2 * * *', timeZone: 'America/New_York' };
  await api('POST', '/api/ehr/schedules', { connectionId, kind: 'export', ...cron });
  const path = '/api/ehr/athenahealth/bulk-export';
  const { id } = await api<{ id: string }>('POST', path, { connectionId, exportType: 'Patient' });
  await pollUntil(
    async () => (await api<{ status: string }>('GET', `${path}/${id}`)).status === 'COMPLETED' || undefined,
    { timeoutMs: 120_000 },
  );
  // The response comes when the sync has ended.
  await api('POST', '/api/ehr/athenahealth/enhanced-sync', { connectionId });
  const url = `${baseUrl}/api/ehr/athenahealth/resources/Observation?connectionId=${connectionId}&_count=1`;
  const found = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const { entry } = (await found.json()) as ObservationBundle;
  const [coding] = entry[0]?.resource.code.coding ?? [];
  if (!coding) throw new Error('no Observation with a code is stored');
  return `${coding.system}|${coding.code}`;
}

interface ObservationBundle {
  readonly entry: readonly {
    readonly resource: {
      readonly code: { readonly coding: readonly { readonly system: string; readonly code: string }[] };
    };
  }[];
}

/** The workers make the report once a minute. */
async function renewHealthReport(api: ApiClient): Promise<void> {
  await api('GET', '/api/ehr/health-report?fresh=true');
}

/** The least of some turns: the first one after a change fills caches, and the processes also work by the clock. */
async function measure(options: {
  readonly system: TestSystem;
  readonly act: Act;
  readonly take: () => Pick<Cost, 'commands' | 'bytes'>;
}): Promise<Cost> {
  const { system, act, take } = options;
  const worker = system.workers[0] as AppProcess;
  const { pid } = act.by === 'worker' ? worker : system.api;
  // Commands of a worker that works by the clock would be counted at random.
  if (act.by === 'api') worker.signal('SIGSTOP');
  const costs: Cost[] = [];
  try {
    for (let turn = 0; turn < (act.isOnce ? 1 : turns); turn++) {
      take();
      const [cpu, from] = [cpuSeconds(pid), performance.now()];
      await act.run();
      const ms = Math.round(performance.now() - from);
      costs.push({ ...take(), cpuMs: Math.round((cpuSeconds(pid) - cpu) * 1000), ms });
    }
  } finally {
    worker.signal('SIGCONT');
  }
  const least = (of: (cost: Cost) => number) => Math.min(...costs.map(of));
  const fewest = costs.toSorted((one, other) => one.commands.length - other.commands.length)[0] as Cost;
  return {
    commands: fewest.commands,
    bytes: least(({ bytes }) => bytes),
    cpuMs: least(({ cpuMs }) => cpuMs),
    ms: least(({ ms }) => ms),
  };
}

/** The least of some times, because work that was started before may not have ended. */
async function measureIdle(redis: Redis): Promise<number> {
  const read = async () => Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const rates: number[] = [];
  for (let turn = 0; turn < idleTurns; turn++) {
    const before = await read();
    await delay(idleMs);
    // Without the one that asks.
    rates.push(Math.round(((await read()) - before - 1) / (idleMs / 1000)));
  }
  return Math.min(...rates);
}

/** Deletes everything in Redis, lets a worker sweep, and counts its warnings about schedules. */
async function loseRedis({ redis, system }: { readonly redis: Redis; readonly system: TestSystem }): Promise<number> {
  const log = join(system.folder, 'logs', 'worker-1.1.log');
  const countWarnings = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level":40') && line.includes('schedule')).length;
  const before = countWarnings();
  await redis.flushall();
  await runJob({ redis, prefix: system.prefix, job: sweepJob });
  // The lines are written by another process.
  await pollUntil(() => countWarnings() > before || undefined, { timeoutMs: 10_000 });
  await delay(1000);
  return countWarnings() - before;
}

/** A proxy in front of MongoDB. `read` returns the commands that have passed it, such as `find schedules`, and how many bytes the server has answered. */
async function startCountingProxy(url: string) {
  let commands: string[] = [];
  let bytes = 0;
  const proxy = await startTcpProxy(url, (inbound, outbound) => {
    const messages = mongodbMessages();
    inbound.on('data', (chunk: Buffer) => {
      commands.push(...messages(chunk).flatMap((message) => mongodbCommand(message) ?? []));
    });
    outbound.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    inbound.pipe(outbound).pipe(inbound);
  });
  /** What has passed since the last call. */
  const take = () => {
    const taken = { commands, bytes };
    [commands, bytes] = [[], 0];
    return taken;
  };
  return { ...proxy, take };
}
