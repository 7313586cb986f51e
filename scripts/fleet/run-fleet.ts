import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServices } from '@bulkhead/embedded';
import { MongoClient } from 'mongodb';
import { cpuSeconds } from '../bench/systems/cpu-seconds.ts';
import { type ApiClient, createApiClient } from '../system/api-client.ts';
import { pollUntil } from '../system/poll-until.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';
import { startCountingProxy } from './count-commands.ts';
import { multiply } from './multiply.ts';

const practiceId = '195900';
const looksEach = 4;

/** What one look costs. */
export interface Cost {
  /** Of MongoDB. */
  readonly commands: number;
  /** What MongoDB has answered. */
  readonly bytes: number;
  /** The CPU time of the API. */
  readonly cpuMs: number;
  readonly ms: number;
}

export interface Look {
  readonly name: string;
  /** With one connection, and with the fleet. */
  readonly one: Cost;
  readonly fleet: Cost;
}

export interface FleetResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly looks: readonly Look[];
  /** How many connections `connections list --behind` shows. */
  readonly behind: number;
}

/** What people, and programs that watch, ask again and again. */
const looks: Readonly<Record<string, string>> = {
  'health report': '/api/ehr/health-report',
  metrics: '/metrics',
  'history of a day': '/api/ehr/history?days=1',
  'page of connections': '/api/ehr/connections?limit=100',
  'connections that are behind': '/api/ehr/connections?problem=lag',
  'page of exports': '/api/ehr/athenahealth/bulk-export?limit=100',
  'running exports': '/api/ehr/athenahealth/bulk-export?status=IN_PROGRESS',
  'page of schedules': '/api/ehr/schedules?limit=100',
  budgets: '/api/ehr/rate-budgets',
  plan: '/api/ehr/plan',
};

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
  const system = await startTestSystem({ patients: 2, services: urls, hasFastRate: true, workerCount: 1 });
  stack.defer(() => system.stop());
  const api = createApiClient(system);
  await importPractice(api, system);
  const measureAll = async () => {
    await renewHealthReport(api);
    // The worker works by the clock, so that its commands would be counted at random.
    for (const worker of system.workers) worker.signal('SIGSTOP');
    const costs: [string, Cost][] = [];
    for (const [name, path] of Object.entries(looks))
      costs.push([name, await measure({ system, path, read: proxy.read })]);
    for (const worker of system.workers) worker.signal('SIGCONT');
    return costs;
  };
  report('one practice is imported');
  const one = new Map(await measureAll());
  const client = new MongoClient(services.mongodb.url);
  stack.defer(() => client.close());
  const database = client.db();
  const { connectionId } = system;
  const counts = await multiply({ database, connectionId, practiceId, connections, exportsEach, behind });
  report(`${connections} practices: ${JSON.stringify(counts)}`);
  const fleet = await measureAll();
  const listed = await api<unknown[]>('GET', '/api/ehr/connections?problem=lag');
  return {
    counts,
    behind: listed.length,
    looks: fleet.map(([name, cost]) => ({ name, one: one.get(name) as Cost, fleet: cost })),
  };
}

async function importPractice(api: ApiClient, { connectionId }: TestSystem): Promise<void> {
  const cron = { cron: '0 2 * * *', timeZone: 'America/New_York' };
  await api('POST', '/api/ehr/schedules', { connectionId, kind: 'export', ...cron });
  const path = '/api/ehr/athenahealth/bulk-export';
  const { id } = await api<{ id: string }>('POST', path, { connectionId, exportType: 'Patient' });
  await pollUntil(
    async () => (await api<{ status: string }>('GET', `${path}/${id}`)).status === 'COMPLETED' || undefined,
    {
      timeoutMs: 120_000,
    },
  );
}

/** The workers make the report once a minute. */
async function renewHealthReport(api: ApiClient): Promise<void> {
  await api('GET', '/api/ehr/health-report?fresh=true');
}

/** The least of some looks: the first one after a change fills caches, and the process also works by the clock. */
async function measure(options: {
  readonly system: TestSystem;
  readonly path: string;
  readonly read: () => { readonly commands: number; readonly bytes: number };
}): Promise<Cost> {
  const { system, path, read } = options;
  const { baseUrl, apiKey, api } = system;
  const look = async () => {
    const response = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${apiKey}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  };
  const costs: Cost[] = [];
  for (let turn = 0; turn < looksEach; turn++) {
    const [before, cpu, from] = [read(), cpuSeconds(api.pid), performance.now()];
    await look();
    const after = read();
    costs.push({
      commands: after.commands - before.commands,
      bytes: after.bytes - before.bytes,
      cpuMs: Math.round((cpuSeconds(api.pid) - cpu) * 1000),
      ms: Math.round(performance.now() - from),
    });
  }
  const least = (of: (cost: Cost) => number) => Math.min(...costs.map(of));
  return {
    commands: least(({ commands }) => commands),
    bytes: least(({ bytes }) => bytes),
    cpuMs: least(({ cpuMs }) => cpuMs),
    ms: least(({ ms }) => ms),
  };
}
